from edu_hv.tutor.checks import (
    Goal,
    after,
    answered,
    asked,
    outcome,
    predicted,
    problem_state,
    reached,
    register,
    storage,
    supervisor_state,
    trap_taken,
    waiting,
    went_back,
)

AS_SHIPPED = (storage("STOP", 1) == bytes([0x82])).look("your copy; `restart source` brings LPSW back to STOP")
INTO_MISTAKE = trap_taken("program", 2, last=True) & reached("MISTAKE")
LOOKED_AT_OLD_PSW = asked("storage", about="28", here=True) | asked("storage", about="20", here=True)

GOALS = [
    Goal("enter", reached("ENTER")),
    Goal(
        "state",
        predicted(
            outcome(problem_state(), "1", "0"),
            when=reached("ENTER"),
            until=reached("TASK"),
            words=("0", "1"),
            wrong={"0": "0 is supervisor state; the PSW at USER has the bit on: second byte 01."},
        ),
    ),
    Goal(
        "door",
        (trap_taken("supervisor call", 1, last=True) & reached("SERVICE") & supervisor_state()).look(
            "step until COUNT is the next instruction, then step once more"
        ),
    ),
    Goal(
        "way-back",
        answered(
            storage(0x25, 3),
            when=reached("SERVICE"),
            wrong={"1030": "That is where the supervisor is. Where was the task going to be next?"},
        ),
    ),
    Goal(
        "same-instruction",
        predicted(
            outcome(trap_taken("program", 2), "trap", "stop"),
            when=AS_SHIPPED & reached("STOP") & problem_state(),
            until=reached("MISTAKE") | waiting(),
            words=("stop", "trap"),
            wrong={"stop": "It is the instruction of FINISH, but the state decides who may do it."},
        ),
    ),
    Goal("caught", AS_SHIPPED & INTO_MISTAKE & LOOKED_AT_OLD_PSW),
    Goal("undone", AS_SHIPPED & after("caught") & went_back(reached("STOP") & problem_state())),
    Goal(
        "asks",
        trap_taken("supervisor call", 1) & trap_taken("supervisor call", 2) & (register(5) == 42) & waiting(0x600),
    ),
]
