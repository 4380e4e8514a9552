CREATE TABLE `black` (
	`owner_user_id` text NOT NULL,
	`black_user_id` text NOT NULL,
	`create_time` integer NOT NULL,
	`add_source` integer NOT NULL,
	`operator_user_id` text NOT NULL,
	`ex` text NOT NULL,
	PRIMARY KEY(`owner_user_id`, `black_user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `friend` (
	`owner_user_id` text NOT NULL,
	`friend_user_id` text NOT NULL,
	`remark` text NOT NULL,
	`create_time` integer NOT NULL,
	`add_source` integer NOT NULL,
	`operator_user_id` text NOT NULL,
	`ex` text NOT NULL,
	`is_pinned` integer NOT NULL,
	PRIMARY KEY(`owner_user_id`, `friend_user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `friend_by_friend` ON `friend` (`friend_user_id`);--> statement-breakpoint
CREATE TABLE `chat_group` (
	`group_id` text PRIMARY KEY NOT NULL,
	`group_name` text NOT NULL,
	`notification` text NOT NULL,
	`introduction` text NOT NULL,
	`face_url` text NOT NULL,
	`owner_user_id` text NOT NULL,
	`create_time` integer NOT NULL,
	`member_count` integer NOT NULL,
	`ex` text NOT NULL,
	`status` integer NOT NULL,
	`creator_user_id` text NOT NULL,
	`group_type` integer NOT NULL,
	`need_verification` integer NOT NULL,
	`look_member_info` integer NOT NULL,
	`apply_member_friend` integer NOT NULL,
	`notification_update_time` integer NOT NULL,
	`notification_user_id` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `group_member` (
	`group_id` text NOT NULL,
	`user_id` text NOT NULL,
	`nickname` text NOT NULL,
	`face_url` text NOT NULL,
	`role_level` integer NOT NULL,
	`join_time` integer NOT NULL,
	`join_source` integer NOT NULL,
	`inviter_user_id` text NOT NULL,
	`operator_user_id` text NOT NULL,
	`mute_end_time` integer NOT NULL,
	`ex` text NOT NULL,
	PRIMARY KEY(`group_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `group_member_by_user` ON `group_member` (`user_id`);--> statement-breakpoint
CREATE TABLE `user` (
	`user_id` text PRIMARY KEY NOT NULL,
	`nickname` text NOT NULL,
	`face_url` text NOT NULL,
	`ex` text NOT NULL,
	`create_time` integer NOT NULL,
	`app_manger_level` integer NOT NULL,
	`global_recv_msg_opt` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `version_change` (
	`list` text NOT NULL,
	`owner_id` text NOT NULL,
	`element_id` text NOT NULL,
	`state` integer NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`list`, `owner_id`, `element_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `version_change_by_version` ON `version_change` (`list`,`owner_id`,`version`);--> statement-breakpoint
CREATE TABLE `version_head` (
	`list` text NOT NULL,
	`owner_id` text NOT NULL,
	`version_id` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`list`, `owner_id`)
) WITHOUT ROWID;
