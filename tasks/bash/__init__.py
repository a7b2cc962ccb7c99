"""The shell's language: what a line says before any of it runs. Syntax as bash 5.2 has it."""
