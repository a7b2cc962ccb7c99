"""The commands of `goodhart-bench`, one file a group."""
