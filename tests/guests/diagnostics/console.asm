***********************************************************************
*  CONSOLE: a printer-keyboard at 01F.  The operator presses REQUEST,
*  types HELLO and END, then REQUEST again, and CANCEL.
***********************************************************************
         BAL   R14,STARTIO
         DC    AL2(1,X'01F'),AL1(0,1),AL2(0),AL4(WRITE)
         DC    AL4(WRITE+8),AL2(CEDE,0)
         BAL   R14,STARTIO
         DC    AL2(2,X'01F'),AL1(1,0),AL2(CEDE),AL4(ALARM)
         BAL   R14,STARTIO
         DC    AL2(3,X'01F'),AL1(1,0),AL2(UC),AL4(WRONG)
         BAL   R14,STARTIO
         DC    AL2(4,X'01F'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(5,1),AL4(BYTE),AL4(X80)
*        HALT I/O: of a device that does nothing, of a read that waits
         BAL   R14,INSTR
         DC    AL2(6,X'00C'),AL1(HIO,1),AL2(0)
         BAL   R14,BEGIN
         DC    AL2(7,X'01F'),AL1(0,0),AL2(0),AL4(INQUIRE)
         BAL   R14,INSTR
         DC    AL2(8,X'01F'),AL1(TIO,2),AL2(0)
         BAL   R14,INSTR
         DC    AL2(9,X'000'),AL1(TCH,0),AL2(0)
         BAL   R14,INSTR
         DC    AL2(10,X'01F'),AL1(HIO,1),AL2(0)
         BAL   R14,TAKE
         DC    AL2(11,X'01F'),AL4(INQUIRE+8),AL2(CEDE+IL,ANY)
         BAL   R14,INSTR
         DC    AL2(12,X'01F'),AL1(TIO,0),AL2(0)
         BAL   R14,PENDING
         DC    AL2(13)
*        wait for REQUEST without a time limit
         BAL   R14,REQUEST
         DC    AL2(20,X'01F'),AL4(0),AL2(ATTN,0)
         BAL   R14,INSTR
         DC    AL2(21,X'01F'),AL1(TIO,0),AL2(0)
         BAL   R14,STARTIO
         DC    AL2(22,X'01F'),AL1(0,1),AL2(0),AL4(INQUIRE)
         DC    AL4(INQUIRE+8),AL2(CEDE+IL,75)
         BAL   R14,SAME
         DC    AL2(23,5),AL4(INPUT),AL4(HELLO)
         BAL   R14,REQUEST
         DC    AL2(24,X'01F'),AL4(0),AL2(ATTN,0)
         BAL   R14,STARTIO
         DC    AL2(25,X'01F'),AL1(0,1),AL2(0),AL4(INQUIRE)
         DC    AL4(INQUIRE+8),AL2(CEDE+UX+IL,80)
         B     DONE
REQUEST  MVC   ROW(4),0(R14)
         MVC   WANTED(8),4(R14)
         MVC   FAILED(2),ROW
         LA    R14,12(R14)
         LR    R2,R14
         MVC   CSW(8),ONES
         MVI   AWAITED,1
         LPSW  FOREVER
FOREVER  DC    D'0'
         ORG   FOREVER
         DC    X'FE02000000000000'
WRITE    CCW   X'09',HELLO,0,5
ALARM    CCW   X'0B',0,X'20',1
WRONG    CCW   X'1D',INPUT,X'20',1
SENSE    CCW   X'04',BYTE,0,1
INQUIRE  CCW   X'0A',INPUT,0,80
HELLO    DC    C'HELLO'
BYTE     DC    X'00'
X80      DC    X'80'
INPUT    DC    XL80'00'
         END   MONITOR
