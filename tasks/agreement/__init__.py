"""Commands that a spec calls right, and those commands with one thing changed, put to the binary.

    tool = Toolbox("nmap")                  # the spec, made ready for drawing
    lines = Generator(tool, seed=0).valid(80)
    mutants = mutants_of(tool, mutators("development"), per_kind=14, seed=0)
    said = read_answer(tool.words, outcome) # what the binary makes of one of them

See docs/agreement.md.
"""
