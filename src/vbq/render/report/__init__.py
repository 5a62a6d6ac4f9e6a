"""What the report of a cohort says.

results      what it is made from
report       the whole document
findings     the sentences that it opens with
sections     the study, section by section
validation   the sections of an external validation, and sentences, which it quotes from tables
methods      methods, limits and references
checklist    TRIPOD+AI
record       what was run
"""
