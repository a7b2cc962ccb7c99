"""The competitors: one self-improvement trainer a file."""
