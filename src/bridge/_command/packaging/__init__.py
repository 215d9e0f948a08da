"""What is shipped to Lambda: made by `package`, looked at by `check`, and timed by `coldstart`."""
