"""One HTML file: verdict, charts, tables and every sample; it needs no network."""
