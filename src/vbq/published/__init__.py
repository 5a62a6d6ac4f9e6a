"""What a paper prints.

compare          every printed figure beside the recomputed one
reconstruction   synthetic patients whose rows reproduce the printed figures
"""
