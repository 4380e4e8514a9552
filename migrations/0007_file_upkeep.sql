CREATE TABLE `file_garbage` (
	`store_key` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `file_orphan` (
	`hash` text PRIMARY KEY NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `file_content` ADD `picture_type` text;--> statement-breakpoint
ALTER TABLE `file_content` ADD `picture_width` integer;--> statement-breakpoint
ALTER TABLE `file_content` ADD `picture_height` integer;--> statement-breakpoint
CREATE INDEX `file_object_by_hash` ON `file_object` (`hash`);--> statement-breakpoint
CREATE INDEX `file_object_by_age` ON `file_object` (`cause`,`create_time`);--> statement-breakpoint
CREATE INDEX `file_upload_by_expiry` ON `file_upload` (`expire_time`);--> statement-breakpoint
CREATE INDEX `file_upload_open` ON `file_upload` (`user_id`,`expire_time`) WHERE completed = 0;