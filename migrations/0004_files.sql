CREATE TABLE `file_content` (
	`hash` text PRIMARY KEY NOT NULL,
	`store_key` text NOT NULL,
	`size` integer NOT NULL,
	`create_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `file_object` (
	`name` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`hash` text NOT NULL,
	`content_type` text NOT NULL,
	`cause` text NOT NULL,
	`create_time` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `file_part` (
	`upload_id` text NOT NULL,
	`part_number` integer NOT NULL,
	`tag` text NOT NULL,
	`md5` text NOT NULL,
	PRIMARY KEY(`upload_id`, `part_number`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `file_upload` (
	`upload_id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`hash` text NOT NULL,
	`size` integer NOT NULL,
	`part_size` integer NOT NULL,
	`content_type` text NOT NULL,
	`store_upload_id` text NOT NULL,
	`expire_time` integer NOT NULL,
	`completed` integer NOT NULL
) WITHOUT ROWID;
