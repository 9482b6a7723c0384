"""Mail over SMTP: one message a recipient, or BCC batches; lists in files; nothing is sent twice."""
