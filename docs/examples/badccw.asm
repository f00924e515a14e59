***********************************************************************
*  BADCCW: greets five people on the console, one line for each.
*
*  There is a bug in it.  It ends in a disabled wait whose address tells
*  how it went:
*            00E0D0      five lines were written
*            00DEC0      one was not
*  docs/CHANNEL_BUG.md finds the bug, backwards.
***********************************************************************
R2       EQU   2
R4       EQU   4
R5       EQU   5
R6       EQU   6
R12      EQU   12
CSW      EQU   X'40'                channel-status word
CAW      EQU   X'48'                channel-address word
IONPSW   EQU   X'78'                I/O new PSW
*
BADCCW   START X'1000'
BEGIN    BALR  R12,0
         USING *,R12
         MVC   IONPSW(8),DONE       where to go when a line is written
         LA    R6,NAMES             the first name
NEXT     SR    R5,R5
         IC    R5,0(,R6)            how long it is
         LTR   R5,R5
         BZ    FINISH               that was the last one
         MVI   NAME,C' '            clear the name before
         MVC   NAME+1(L'NAME-1),NAME
         EX    R5,COPY              the name into the line
         LA    R6,2(R5,R6)          the next one
         MVC   CAW(4),=A(WRITE)     where the channel program is
         LA    R2,X'009'
         SIO   0(R2)
         BNZ   FAILED
         LPSW  WAITING
WRITTEN  TM    CSW+4,X'02'          unit check
         BO    FAILED
         CLI   CSW+5,0              channel status
         BNE   FAILED
         B     NEXT
FINISH   LPSW  GOOD
FAILED   LPSW  BAD
COPY     MVC   NAME(0),1(R6)        executed with the length in R5
*
         DS    0D
DONE     DC    X'00000000',A(WRITTEN)    go on here, disabled
WAITING  DC    X'FE020000',A(0)          wait, enabled for I/O
GOOD     DC    X'00020000',X'0000E0D0'   wait, disabled
BAD      DC    X'00020000',X'0000DEC0'
LINE     DC    C'GOOD MORNING, '
NAME     DC    CL10' '
WRITE    CCW   X'09',LINE,X'20',L'LINE+L'NAME   write a line
NAMES    DC    AL1(3),C'ADA '        length, name, a blank
         DC    AL1(5),C'GRACE '
         DC    AL1(4),C'GENE '
         DC    AL1(10),C'ANTOINETTE '
         DC    AL1(4),C'FRED '
         DC    AL1(0)
         LTORG
         END   BEGIN
