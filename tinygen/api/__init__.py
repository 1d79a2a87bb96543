"""The functions behind the commands: one each, of the same name, returning a frozen result."""
