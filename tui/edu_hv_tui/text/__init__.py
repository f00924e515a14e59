"""What each pane says, as rows of text with roles: pure functions, tested without a terminal."""
