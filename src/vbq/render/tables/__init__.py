"""Tables of text from tidy tables.

study        participant flow, Tables 1 and 2, agreement, subanalyses, remarks
scores       Table 3, differences between AUCs, cut-offs
optimism     the internal validation
validation   an external validation
"""
