"""What a paper prints.

compare          every printed figure beside the recomputed one
shipped          files made again beside those that ship
reconstruction   synthetic patients whose rows reproduce the printed figures
"""
