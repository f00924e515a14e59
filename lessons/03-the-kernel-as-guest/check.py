from edu_hv.tutor.checks import (
    Goal,
    after,
    answered,
    asked,
    decision,
    guest_mask,
    predicted,
    reached,
    real_mask,
    rule_that_fired,
    same_console,
    storage,
    under_way,
    went_back,
)

SSM = "START+6"
AFTER = "START+A"
SSM_DECIDED = under_way(decision("Simulate", "SSM", last=True)).look(
    "the x-ray; go back until 000206 is next, then stage four times"
)
TASK_CAUGHT = reached("PGMINT") & (storage(0x2A, 2) == bytes([0, 2])) & decision("Reflect", "SSM", last=True)

GOALS = [
    Goal("ssm", reached(SSM)),
    Goal(
        "real-mask",
        predicted(
            real_mask(),
            when=reached(SSM),
            until=reached(AFTER) & decision("Simulate", "SSM", last=True),
            words=("FE", "00", "07"),
            wrong={
                "FE": "FE is what the guest asked for, and is shown; the real mask is CP's.",
                "00": "00 was the guest's mask before; the real mask is CP's, which wants to hear.",
            },
            at_once=True,
        ),
    ),
    Goal("decided", SSM_DECIDED),
    Goal(
        "fired",
        answered(
            rule_that_fired(),
            when=decision("Simulate", "SSM", last=True),
            words=("PRV-1", "PRV-2"),
            wrong={
                "PRV-1": "Its question was answered no: the guest believes itself in supervisor state.",
            },
        ),
    ),
    Goal(
        "did-not-fire",
        answered(
            "reflect",
            words=("simulate", "reflect"),
            when=decision("Simulate", "SSM", last=True),
            wrong={"simulate": "That is what PRV-2 does. PRV-1 stands before it and asks about bit 15."},
        ),
    ),
    Goal("undone", after("did-not-fire") & went_back(reached(SSM) & (guest_mask() == 0))),
    Goal("reflected", reached("SVCINT") & decision("Reflect", last=True) & asked("storage", about="20", here=True)),
    Goal(
        "task-caught",
        TASK_CAUGHT.look("`storage 28`, and the x-ray; `until PGMINT` goes on to the next one")
        & (asked("storage", about="28", here=True) | asked("storage", about="20", here=True)),
    ),
    Goal(
        "fired-now",
        answered(
            rule_that_fired(),
            when=TASK_CAUGHT,
            words=("PRV-1", "PRV-2"),
            wrong={"PRV-2": "It was the first SSM that PRV-2 took. Is the guest in supervisor state this time?"},
        ),
    ),
    Goal("same-lines", same_console()),
]
