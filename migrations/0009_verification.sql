CREATE TABLE `verification_code` (
	`account` text PRIMARY KEY NOT NULL,
	`code_hash` text NOT NULL,
	`send_time` integer NOT NULL,
	`expire_time` integer NOT NULL,
	`attempts` integer NOT NULL,
	`used` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `verification_code_by_expiry` ON `verification_code` (`expire_time`);--> statement-breakpoint
CREATE TABLE `verification_count` (
	`subject` text PRIMARY KEY NOT NULL,
	`window_start` integer NOT NULL,
	`count` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `verification_count_by_window` ON `verification_count` (`window_start`);