CREATE TABLE `sdk_log` (
	`log_id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`platform` text NOT NULL,
	`app_framework` text NOT NULL,
	`version` text NOT NULL,
	`filename` text NOT NULL,
	`url` text NOT NULL,
	`ex` text NOT NULL,
	`create_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `sdk_log_by_time` ON `sdk_log` (`create_time`);--> statement-breakpoint
CREATE TABLE `setting_override` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`changed_by` text NOT NULL,
	`change_time` integer NOT NULL
) WITHOUT ROWID;
