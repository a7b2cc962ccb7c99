"""What people read: tables, figures and the report, made from run records."""
