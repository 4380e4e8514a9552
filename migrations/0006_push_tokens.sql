CREATE TABLE `device_token` (
	`provider` text NOT NULL,
	`token` text NOT NULL,
	`user_id` text NOT NULL,
	`platform_id` integer NOT NULL,
	`vendor` text NOT NULL,
	`expires_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`provider`, `token`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `device_token_by_user` ON `device_token` (`user_id`);--> statement-breakpoint
CREATE TABLE `push_credential` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`issued_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`claimed_until` integer NOT NULL
) WITHOUT ROWID;
