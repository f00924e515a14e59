from edu_hv.tutor.checks import (
    Goal,
    after,
    all_of,
    answered,
    asked,
    condition_code,
    predicted,
    reached,
    register,
    waiting,
    went_back,
    word,
)

TABLE_AS_IT_WAS = all_of(*(word("TABLE", n) == 10 * (n + 1) for n in range(5))).look(
    "`storage TABLE`: the five numbers must stay as they are"
)

LOOKED_AT_SUM = asked("storage", about="SUM", here=True)

GOALS = [
    Goal("loop", reached("LOOP")),
    Goal(
        "first-sum",
        predicted(
            register(3),
            when=reached("LOOP") & (register(3) == 0),
            until=(register(3) == 10) & (condition_code() == 2),
            words=("A", "10"),
            wrong={"10": "Registers show hexadecimal digits: ten is A, 10 would be sixteen."},
        ),
    ),
    Goal(
        "condition-code",
        answered(
            "positive",
            when=condition_code() == 2,
            words=("zero", "negative", "positive", "overflow"),
            wrong={
                "zero": "That would be CC 0.",
                "negative": "That would be CC 1.",
                "overflow": "That would be CC 3: a sum that does not fit into 32 bits.",
            },
        ),
    ),
    Goal(
        "third-number",
        answered(
            word("TABLE", 2),
            wrong={
                "30": "That is the number as the program has it, in decimal. What does storage show?",
                "14": "That is the second one.",
                "28": "That is the fourth one.",
            },
        ),
    ),
    Goal("end", waiting() & (word("SUM") != 0) & LOOKED_AT_SUM),
    Goal("back", after("end") & went_back(reached("STORE") & (word("SUM") == 0)) & LOOKED_AT_SUM),
    Goal("repaired", TABLE_AS_IT_WAS & waiting() & (register(4) == 0) & (register(3) == 150) & (word("SUM") == 150)),
]
