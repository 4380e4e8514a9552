CREATE TABLE `friend_request` (
	`from_user_id` text NOT NULL,
	`to_user_id` text NOT NULL,
	`handle_result` integer NOT NULL,
	`req_msg` text NOT NULL,
	`create_time` integer NOT NULL,
	`handler_user_id` text NOT NULL,
	`handle_msg` text NOT NULL,
	`handle_time` integer NOT NULL,
	`ex` text NOT NULL,
	PRIMARY KEY(`from_user_id`, `to_user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `friend_request_by_receiver` ON `friend_request` (`to_user_id`,`create_time`);