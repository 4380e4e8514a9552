CREATE TABLE `conversation_directory` (
	`conversation_id` text PRIMARY KEY NOT NULL
) WITHOUT ROWID;
