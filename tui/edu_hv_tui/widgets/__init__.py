"""One pane a file.  All of them are `rows.Rows`: lines painted one by one, and only those that changed."""
