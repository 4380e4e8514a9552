CREATE TABLE `client_config` (
	`user_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`user_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `user_command` (
	`user_id` text NOT NULL,
	`type` integer NOT NULL,
	`uuid` text NOT NULL,
	`value` text NOT NULL,
	`ex` text NOT NULL,
	`create_time` integer NOT NULL,
	PRIMARY KEY(`user_id`, `type`, `uuid`)
) WITHOUT ROWID;
