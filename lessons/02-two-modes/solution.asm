* Lesson 2.  A supervisor of a few lines, and a task that it runs.
MODES    START X'1000'
*
* The supervisor: who takes an SVC, who takes a program interruption.
BEGIN    BALR  12,0
         USING *,12
         MVC   X'60'(8),SVCNEW     SVC new PSW
         MVC   X'68'(8),PGMNEW     program new PSW
ENTER    LPSW  USER                into the task
*
* Here every SVC arrives.  Service 1: count.  Service 2: the end.
SERVICE  CLI   X'23',2             the number, in the SVC old PSW
         BE    FINISH
         LA    5,1(,5)             service 1 counts in register 5
RETURN   LPSW  X'20'               back to the task
FINISH   LPSW  GOOD                stop, all is well
*
* Here every program interruption arrives.
MISTAKE  LPSW  BAD                 stop, the task did wrong
*
* The task.  It runs in problem state.
TASK     LA    5,41
COUNT    SVC   1                   one more, please
STOP     SVC   2                   the task wants to stop the machine
*
USER     DC    0D'0',X'00010000',A(TASK)
SVCNEW   DC    X'00000000',A(SERVICE)
PGMNEW   DC    X'00000000',A(MISTAKE)
GOOD     DC    X'00020000',X'00000600'
BAD      DC    X'00020000',X'00000BAD'
         END   BEGIN
