***********************************************************************
*  LONGTAPE: a drive at 180 with a blank tape that may be written.
*  COUNT records of 100 bytes are written, each with its number, read
*  and compared, and read backward and compared.
***********************************************************************
         SR    R6,R6
         L     R8,COUNT
WRITES   A     R6,=F'1'
         ST    R6,OUTPUT
         BAL   R14,OPERATE1
         DC    AL4(WRITE)
         BCT   R8,WRITES
         LA    R3,WTM
         BAL   R14,CONTROL
         LA    R3,REWIND
         BAL   R14,CONTROL
         SR    R6,R6
         L     R8,COUNT
READS    A     R6,=F'1'
         ST    R6,OUTPUT
         BAL   R14,OPERATE1
         DC    AL4(READ)
         CLC   INPUT(100),OUTPUT
         BNE   WRONG
         BCT   R8,READS
         BAL   R14,STARTIO
         DC    AL2(4,X'180'),AL1(0,1),AL2(0),AL4(READMARK)
         DC    AL4(READMARK+8),AL2(CEDE+UX,ANY)
         BAL   R14,STARTIO
         DC    AL2(5,X'180'),AL1(0,1),AL2(0),AL4(BACKMARK)
         DC    AL4(BACKMARK+8),AL2(CEDE+UX,ANY)
         L     R8,COUNT
BACKS    ST    R6,OUTPUT
         BAL   R14,OPERATE1
         DC    AL4(BACK)
         CLC   INPUT(100),OUTPUT
         BNE   WRONG
         S     R6,=F'1'
         BCT   R8,BACKS
         BAL   R14,STARTIO          load point
         DC    AL2(6,X'180'),AL1(0,1),AL2(0),AL4(BACKMARK)
         DC    AL4(BACKMARK+8),AL2(CEDE+UC,ANY)
         B     DONE
WRONG    BAL   R14,FAULT
         DC    AL2(7)
*        one operation, with a loop of TEST I/O
OPERATE1 MVC   CAW(4),0(R14)
         SIO   X'180'
         BC    7,BADTAPE
TESTS    TIO   X'180'
         BC    2,TESTS
         CLC   CSW+4(4),GOODEND
         BE    4(R14)
BADTAPE  BAL   R14,FAULT
         DC    AL2(1)
*        a motion: until TEST I/O finds nothing more
CONTROL  ST    R3,CAW
         SIO   X'180'
         BC    3,BADTAPE
ENDS     TIO   X'180'
         BC    7,ENDS
         BR    R14
WRITE    CCW   X'01',OUTPUT,0,100
READ     CCW   X'02',INPUT,0,100
BACK     CCW   X'0C',INPUT+99,0,100
READMARK CCW   X'02',INPUT,X'20',100
BACKMARK CCW   X'0C',INPUT+99,X'20',100
WTM      CCW   X'1F',0,X'20',1
REWIND   CCW   X'07',0,X'20',1
COUNT    DC    F'500'
GOODEND  DC    X'0C000000'
         LTORG
OUTPUT   DC    CL100' '
INPUT    DC    CL100' '
         END   MONITOR
