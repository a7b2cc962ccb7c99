"""Claims of improvement, as data: are they consistent, can they be resolved, are they true?"""
