CREATE TABLE `webhook_dead_letter` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`event_id` text NOT NULL,
	`name` text NOT NULL,
	`operation_id` text NOT NULL,
	`url` text NOT NULL,
	`reply_key` text NOT NULL,
	`body` blob NOT NULL,
	`create_time` integer NOT NULL,
	`dead_time` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_dead_letter_once` ON `webhook_dead_letter` (`event_id`,`url`);--> statement-breakpoint
CREATE TABLE `webhook_delivery` (
	`id` integer PRIMARY KEY NOT NULL,
	`event_id` text NOT NULL,
	`name` text NOT NULL,
	`operation_id` text NOT NULL,
	`url` text NOT NULL,
	`attempt` integer NOT NULL,
	`delivered` integer NOT NULL,
	`status` integer NOT NULL,
	`error` text NOT NULL,
	`duration_ms` integer NOT NULL,
	`time` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `webhook_large_body` (
	`event_id` text NOT NULL,
	`url` text NOT NULL,
	`body` blob NOT NULL,
	`create_time` integer NOT NULL,
	PRIMARY KEY(`event_id`, `url`)
) WITHOUT ROWID;
