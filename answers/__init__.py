"""DS-GA 1008, Homework 3: one module a question, each with `answer(records) -> Answer`."""
