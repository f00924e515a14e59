***********************************************************************
*  DIAGNOSE: a guest that finds out what it runs on, and asks.
*
*  On a real machine DIAGNOSE does what each model likes, so that no
*  operating system could use it.  VM/370 makes it the door to CP:
*  DIAGNOSE Rx,Ry,code.  STORE CPU ID tells whether there is a CP.
*
*            code X'00'  who is CP, and who am I
*            code X'08'  give CP a command and take its answer
*            code X'24'  what device is that
*            code X'60'  how much storage do I have
*
*  It ends in a disabled wait whose address tells why:
*            00E0D0      done
*            00DEA0      program interruption: CP did not like a code
*            00DEC0      the console cannot be used
***********************************************************************
R0       EQU   0
R1       EQU   1
R2       EQU   2
R3       EQU   3
R4       EQU   4
R5       EQU   5
R6       EQU   6
R7       EQU   7
R8       EQU   8
R12      EQU   12
R14      EQU   14
CSW      EQU   X'40'                channel-status word
CAW      EQU   X'48'                channel-address word
PGMNPSW  EQU   X'68'                program new PSW
IONPSW   EQU   X'78'                I/O new PSW
NEWLINE  EQU   X'15'                ends each line of CP's answer
*
DIAGNOSE START X'1000'
BEGIN    BALR  R12,0
         USING *,R12
         MVC   PGMNPSW(8),PGMWAIT
         MVC   IONPSW(8),DONE
         STIDP CPUID                version, serial, model
         CLI   CPUID,X'FF'          a version no machine has
         BE    GUEST
         LA    R1,ALONE
         LA    R0,L'ALONE
         BAL   R14,PRINT
         LPSW  GOOD
*
*        X'00': R2 the area, R3 its length
*
GUEST    LA    R2,IDENT
         LA    R3,L'IDENT
         DIAG  R2,R3,X'00'
         MVC   CPNAME,IDENT
         MVC   MYNAME,IDENT+16
         LA    R1,IDMSG
         LA    R0,IDLENGTH
         BAL   R14,PRINT
*
*        X'60': R2 the size, in bytes
*
         DIAG  R2,R0,X'60'
         SRL   R2,10
         CVD   R2,WORK
         ED    SIZE,WORK+5
         LA    R1,SIZEMSG
         LA    R0,SIZELEN
         BAL   R14,PRINT
*
*        X'24': R2 the device, or -1 for the console, whose address
*        comes back; R4 its class and type
*
         L     R2,=F'-1'
         SR    R4,R4
         DIAG  R2,R4,X'24'
         BC    1,ASK                CC 3: no such device
         STH   R2,WORK
         UNPK  HEX(5),WORK(3)
         TR    HEX(4),DIGITS-X'F0'
         MVC   DEVICE,HEX+1
         ST    R4,WORK
         UNPK  HEX(5),WORK(3)
         TR    HEX(4),DIGITS-X'F0'
         MVC   CLASS,HEX
         LA    R1,DEVMSG
         LA    R0,DEVLEN
         BAL   R14,PRINT
*
*        X'08': R2 the command, R4 its length and the flag "answer to a
*        buffer"; R3 the buffer, R5 its length.  Afterwards R4 is the
*        return code and R5 the length of the answer.
*
ASK      LA    R2,COMMAND
         LA    R3,ANSWER
         LA    R4,L'COMMAND
         O     R4,=X'40000000'
         LA    R5,L'ANSWER
         DIAG  R2,R4,X'08'
         BC    8,WHOLE              CC 0: that is the whole answer
         LA    R5,L'ANSWER          else as much as there is room for
WHOLE    LA    R6,ANSWER
         LA    R7,0(R5,R6)          the end of the answer
NEXTLINE CR    R6,R7
         BNL   FINISH
         LR    R1,R6
FINDEND  CR    R6,R7
         BNL   LINE
         CLI   0(R6),NEWLINE
         BE    LINE
         LA    R6,1(,R6)
         B     FINDEND
LINE     LR    R0,R6
         SR    R0,R1
         LA    R6,1(,R6)            behind the new line
         BZ    NEXTLINE             an empty line: write nothing
         BAL   R14,PRINT
         B     NEXTLINE
FINISH   LPSW  GOOD
*
*        Write R0 characters from R1
*
PRINT    ST    R1,WRITE
         MVI   WRITE,X'09'
         STH   R0,WRITE+6
         LA    R8,WRITE
         ST    R8,CAW
         LA    R8,X'009'
         SIO   0(R8)
         BNZ   FAILED
         LPSW  WAITING
WRITTEN  TM    CSW+4,X'02'          unit check
         BO    FAILED
         CLI   CSW+5,0              channel status
         BER   R14
FAILED   LPSW  BAD
*
WRITE    CCW   X'09',0,X'20',0      write, return the carriage
CPUID    DS    D
WORK     DS    D
         DS    0D
IDENT    DS    CL32
DONE     DC    X'00000000',A(WRITTEN)   go on here, disabled
WAITING  DC    X'FE020000',A(0)         wait, enabled for I/O
GOOD     DC    X'00020000',X'0000E0D0'  wait, disabled
PGMWAIT  DC    X'00020000',X'0000DEA0'
BAD      DC    X'00020000',X'0000DEC0'
HEX      DS    CL5
DIGITS   DC    C'0123456789ABCDEF'
COMMAND  DC    C'QUERY VIRTUAL'
ALONE    DC    C'THIS MACHINE IS REAL: ITS VERSION IS NOT X''FF'''
IDMSG    DC    C'I RUN UNDER '
CPNAME   DC    C'XXXXXXXX'
         DC    C' AS USER '
MYNAME   DC    C'XXXXXXXX'
IDLENGTH EQU   *-IDMSG
SIZEMSG  DC    C'MY STORAGE HAS'
SIZE     DC    X'4020206B202120'    pattern for ED: five digits
         DC    C'K BYTES'
SIZELEN  EQU   *-SIZEMSG
DEVMSG   DC    C'MY CONSOLE IS '
DEVICE   DC    C'XXX'
         DC    C', CLASS AND TYPE X'''
CLASS    DC    C'XXXX'
         DC    C''''
DEVLEN   EQU   *-DEVMSG
ANSWER   DS    CL1024
         LTORG
         END   BEGIN
