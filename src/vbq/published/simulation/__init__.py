"""Papers simulated from patient rows, clean or with one error, on which the audit is tested.

papers   tables of a simulated study, in the form of a transcription
errors   one error of each kind, and whether it could be seen at all
example  the worked example of docs/transcribing.md
"""
