***********************************************************************
*  HELLO: writes one line on the console and stops.
*
*  The smallest program with input/output: START I/O, a wait for the
*  interruption at its end, and a last PSW from which nothing wakes up.
*
*  It ends in a disabled wait whose address tells why:
*            00E0D0      the line was written
*            00DEC0      it was not
***********************************************************************
R2       EQU   2
R12      EQU   12
CSW      EQU   X'40'                channel-status word
CAW      EQU   X'48'                channel-address word
IONPSW   EQU   X'78'                I/O new PSW
*
HELLO    START X'1000'
BEGIN    BALR  R12,0
         USING *,R12
         MVC   IONPSW(8),DONE       where to go when it is written
         MVC   CAW(4),=A(LINE)      where the channel program is
         LA    R2,X'009'
         SIO   0(R2)
         BNZ   FAILED
         LPSW  WAITING
WRITTEN  TM    CSW+4,X'02'          unit check
         BO    FAILED
         CLI   CSW+5,0              channel status
         BNE   FAILED
         LPSW  GOOD
FAILED   LPSW  BAD
*
LINE     CCW   X'09',TEXT,X'20',L'TEXT   write, return the carriage
DONE     DC    X'00000000',A(WRITTEN)    go on here, disabled
WAITING  DC    X'FE020000',A(0)          wait, enabled for I/O
GOOD     DC    X'00020000',X'0000E0D0'   wait, disabled
BAD      DC    X'00020000',X'0000DEC0'
TEXT     DC    C'HELLO FROM A PROGRAM WITHOUT AN OPERATING SYSTEM'
         LTORG
         END   BEGIN
