CREATE TABLE `group_request` (
	`group_id` text NOT NULL,
	`user_id` text NOT NULL,
	`handle_result` integer NOT NULL,
	`req_msg` text NOT NULL,
	`req_time` integer NOT NULL,
	`handle_user_id` text NOT NULL,
	`handled_msg` text NOT NULL,
	`handled_time` integer NOT NULL,
	`join_source` integer NOT NULL,
	`inviter_user_id` text NOT NULL,
	`ex` text NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `group_request_by_user` ON `group_request` (`user_id`,`req_time`);--> statement-breakpoint
CREATE INDEX `group_member_by_role` ON `group_member` (`group_id`,"role_level" desc,`join_time`,`user_id`);