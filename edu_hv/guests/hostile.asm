***********************************************************************
*  HOSTILE: a guest that tries to get out of its machine.
*
*  Each entry of the table ATTEMPTS is one attempt, and what has to
*  come of it: the code of a program interruption, or 0 when nothing is
*  to happen; for a channel program the channel status; or a number of
*  the attempt's own.  Under CP it has to be the same as on
*  the real machine, but for what a virtual machine does not have; and
*  DIAGNOSE, which is CP's own, is tried there only.
*
*  A line tells what was tried, OK or WRONG, and, if it is in the code
*  of the attempt, where the old PSW points to: how many bytes behind
*  the beginning.
*
*  Whoever is attacked by it: nothing outside of this program changes.
*  It needs EC mode.  The devices it uses are the console 009 and, if
*  they are there, the tape drive 181, which needs no tape, and, under
*  CP, the disk 191, which is only read.
*
*  It ends in a disabled wait whose address tells how many attempts
*  went wrong: 000000 none.  00DEC0: the console cannot be used.
***********************************************************************
R0       EQU   0
R1       EQU   1
R2       EQU   2
R3       EQU   3
R4       EQU   4
R5       EQU   5
R7       EQU   7
R8       EQU   8                    a page of storage to play with
R9       EQU   9                    the end of storage
R10      EQU   10                   base registers of the attempts
R11      EQU   11
R13      EQU   13                   the attempt in hand
R14      EQU   14                   where to go when it was let through
R15      EQU   15
*
SLI      EQU   X'20'                CCW flags
CC       EQU   X'40'
IDA      EQU   X'04'
SENSE    EQU   X'04'                commands
NOOP     EQU   X'03'
TIC      EQU   X'08'
*
HOSTILE  START 0
         USING HOSTILE,0
         ORG   HOSTILE+X'28'
PGMOPSW  DS    D
         ORG   HOSTILE+X'38'
IOOPSW   DS    D
CSW      DS    D
CAW      DS    F
         ORG   HOSTILE+X'50'
TIMER    DS    F
         ORG   HOSTILE+X'58'
NEWPSWS  DS    5D
         ORG   HOSTILE+X'8E'
PGMCODE  DS    H                    in EC mode the code is here
***********************************************************************
*  The beginning: what machine is this, and where does storage end?
*
         ORG   HOSTILE+X'200'
START    MVC   NEWPSWS(40),HANDLERS
         STCTL 0,15,OURCRS
         L     R10,=A(FIRST)
         LA    R11,4095(,R10)
         LA    R11,1(,R11)
         L     R8,=A(PLAYPAGE)
         LA    R1,HELLO
         LA    R0,L'HELLO
         BAL   R14,SAY
         STIDP CPUID
         L     R9,=X'00010000'
         MVC   AFTER,=A(ENDFOUND)
NOTYET   ISK   R1,R9
         A     R9,=F'4096'
         C     R9,=X'00FFF000'
         BL    NOTYET
ENDFOUND ST    R9,END
         L     R15,=A(SETUP)
         BALR  R14,R15
*
         L     R13,=A(ATTEMPTS)
NEXT     ST    R13,CURRENT
         USING ATTEMPT,R13
         CLI   KIND,C' '
         BE    FINISH
         MVC   EXPECTED,ONREAL
         CLI   CPUID,X'FF'          the version that CP shows
         BNE   TRYIT
         MVC   EXPECTED,ONCP
TRYIT    CLC   EXPECTED,=X'FFFF'    not to be tried here
         BE    NEXTONE
         XC    RESULT,RESULT
         XC    WHERE,WHERE
         MVC   AFTER,=A(BACK)
         L     R15,KIND
         LA    R15,0(,R15)
         LA    R14,LETPASS
         CLI   KIND,C'D'
         BE    TRYIO
         CLI   KIND,C'E'
         BE    TRYTAPE
         CLI   KIND,C'F'
         BE    TRYDISK
         CLI   KIND,C'I'
         BE    TRYIO
         CLI   KIND,C'P'
         BNE   TRYSUPER
         ST    R15,PROBPSW+4
         LPSW  PROBPSW
TRYTAPE  TIO   X'181'
         BC    1,NEXTONE            no tape drive
         BR    R15
TRYDISK  TIO   X'191'
         BC    1,NEXTONE            no disk
TRYSUPER BR    R15
LETPASS  SVC   0                    back, in whatever state
*
*        Make good what the attempt has changed, and tell the result
*
BACK     MVC   NEWPSWS(40),HANDLERS
         LCTL  0,15,OURCRS
         L     R8,=A(PLAYPAGE)
         SR    R1,R1
         SSK   R1,R8
         L     R9,END
         L     R13,CURRENT
         L     R10,=A(FIRST)
         LA    R11,4095(,R10)
         LA    R11,1(,R11)
         MVC   LINE,BLANKS
         MVC   LINE(L'TEXT),TEXT
         MVC   LINE+L'TEXT+1(2),=C'OK'
         LA    R0,L'TEXT+3
         CLC   RESULT,EXPECTED
         BE    TELL
         MVC   LINE+L'TEXT+1(23),=C'WRONG: XXXX INSTEAD OF '
         UNPK  HEX(5),RESULT(3)
         TR    HEX(4),DIGITS-X'F0'
         MVC   LINE+L'TEXT+8(4),HEX
         UNPK  HEX(5),EXPECTED(3)
         TR    HEX(4),DIGITS-X'F0'
         MVC   LINE+L'TEXT+24(4),HEX
         LA    R0,L'TEXT+28
         LH    R1,WRONG
         LA    R1,1(,R1)
         STH   R1,WRONG
TELL     L     R1,WHERE             in the old PSW: how far into it is
         LA    R1,0(,R1)            the address?
         S     R1,KIND
         LA    R1,0(,R1)
         C     R1,=F'100'
         BNL   TELLIT
         C     R1,=F'0'
         BE    TELLIT
         LA    R2,LINE
         AR    R2,R0
         CVD   R1,WORK
         MVC   0(4,R2),PATTERN
         ED    0(4,R2),WORK+6
         AH    R0,=H'4'
TELLIT   LA    R1,LINE
         BAL   R14,SAY
NEXTONE  L     R13,CURRENT
         LA    R13,ENTRY(,R13)
         B     NEXT
*
FINISH   LH    R1,WRONG
         CVD   R1,WORK
         ED    NUMBER,WORK+6
         LA    R1,GOODBYE
         LA    R0,LGOODBYE
         BAL   R14,SAY
         MVC   LASTWAIT+6(2),WRONG
         LPSW  LASTWAIT
***********************************************************************
*  Interruptions.  A program interruption is the result; AFTER is where
*  to go.
*
PGMINT   MVC   RESULT,PGMOPSW+2
         MVC   WHERE,PGMOPSW+4
         TM    PGMOPSW+1,X'08'
         BZ    PGMBC
         MVC   RESULT,PGMCODE
PGMBC    L     R1,AFTER
         BR    R1
SVCINT   B     BACK
***********************************************************************
*  A channel program: KIND is C'I' and the device 009, or C'D' and 181.
*  The result is the channel's status; X'FF' and the condition code if
*  it could not be started.  Everything is disabled: TEST I/O tells.
*
TRYIO    LA    R2,X'009'
         CLI   KIND,C'I'
         BE    IODEVICE
         LA    R2,X'181'
IODEVICE LA    R3,20
IOQUIET  TIO   0(R2)                what is left from before?
         BC    8,IOSTART
         BC    1,IONONE             no such device: let it be
         BC    2,IOQUIET
         BCT   R3,IOQUIET
IOSTART  LA    R3,X'38'             key 3, no fetching either
         SSK   R3,R8
         L     R3,=A(CAWS)
         L     R3,0(R15,R3)
         ST    R3,CAW
         XC    CSW,CSW
         SIO   0(R2)
         BC    8,IOPOLL
         BC    4,IOSTORED
         BALR  R1,0                 the condition code is the result
         SRL   R1,28
         N     R1,=F'3'
         STH   R1,RESULT
         OI    RESULT,X'FF'
         B     BACK
IONONE   B     NEXTONE
IOPOLL   TIO   0(R2)
         BC    2,IOPOLL
         BC    8,BACK
IOSTORED TM    CSW+4,X'10'          busy with what was before?
         BO    IOSTART
         OC    RESULT+1(1),CSW+5
         TM    CSW+4,X'06'          device end, unit check
         BNZ   BACK
         TM    CSW+5,X'3F'          a check of the channel's own
         BZ    IOPOLL
         B     BACK
***********************************************************************
*  Write R0 characters from R1 on the console, and wait for the end.
*
SAY      ST    R1,SAYCCW
         MVI   SAYCCW,X'09'
         STH   R0,SAYCCW+6
SAYSIO   MVC   CAW,=A(SAYCCW)
         SIO   X'009'
         BC    8,SAYWAIT
         BC    2,SAYSIO
         BC    1,SAYNOT
         TM    CSW+4,X'10'
         BO    SAYSIO
SAYNOT   LPSW  NOWAIT
SAYWAIT  LPSW  IOWAIT
IOINT    CLC   IOOPSW+2(2),=X'0009'
         BNE   SAYWAIT
         TM    CSW+4,X'02'          unit check
         BO    SAYNOT
         TM    CSW+4,X'04'          device end
         BZ    SAYWAIT
         BR    R14
***********************************************************************
*  Data
*
         DS    0D
HANDLERS DC    X'0002000000DEE0DE'  external: not enabled
         DC    X'00000000',A(SVCINT)
         DC    X'00000000',A(PGMINT)
         DC    X'0002000000DEC0DE'  machine check
         DC    X'00000000',A(IOINT)
IOWAIT   DC    X'FE02000000000000'  wait, enabled for I/O
PROBPSW  DC    X'00010000',A(0)     problem state
LASTWAIT DC    X'0002000000000000'
NOWAIT   DC    X'000200000000DEC0'
SAYCCW   CCW   X'09',0,SLI,0
CPUID    DS    D
WORK     DS    D
OURCRS   DS    16F
AFTER    DS    A
END      DS    F
CURRENT  DS    A
EXPECTED DS    XL2
RESULT   DS    XL2,X
WRONG    DC    H'0'
WHERE    DS    F
PATTERN  DC    X'40202021'
HEX      DS    CL5
DIGITS   DC    C'0123456789ABCDEF'
LINE     DS    CL80
BLANKS   DC    CL80' '
HELLO    DC    C'HOSTILE: WHAT THE MACHINE DOES ABOUT'
GOODBYE  DC    C'HOSTILE: ATTEMPTS THAT WENT WRONG:'
NUMBER   DC    X'40202120'
LGOODBYE EQU   *-GOODBYE
         LTORG
*
ATTEMPT  DSECT
KIND     DS    F                    first byte: S supervisor state, P
*                                   problem state, E and F supervisor
*                                   state with the tape drive or the
*                                   disk, I and D channel program; the
*                                   rest: where it is, or displacement
*                                   of its CAW
ONREAL   DS    XL2                  what has to come
ONCP     DS    XL2
TEXT     DS    CL40
ENTRY    EQU   *-ATTEMPT
PLAYPAGE EQU   X'7000'
***********************************************************************
*  The attempts.  R8 is a page of storage, R9 the end of all storage.
*
HOSTILE  CSECT
         ORG   HOSTILE+X'1000'
         USING FIRST,R10,R11
FIRST    DS    0H
*
*        Beyond the end of storage
*
FETCH    L     R1,0(,R9)
         BR    R14
STORE    ST    R1,0(,R9)
         BR    R14
LASTBYTE S     R9,=F'1'             these are all there
         IC    R1,0(,R9)
         STC   R1,0(,R9)
         BR    R14
ACROSS   S     R9,=F'3'             half of it is there
         L     R1,0(,R9)
         BR    R14
MOVEOUT  S     R9,=F'100'
         MVC   0(101,R9),0(R8)
         BR    R14
MOVELONG L     R3,=F'256'
         LR    R2,R9
         LR    R4,R8
         LR    R5,R3
         MVCL  R2,R4
         BR    R14
HIGHEST  L     R9,=X'00FFFFFC'
         L     R1,0(,R9)
         BR    R14
SWAPOUT  CS    R1,R2,0(R9)
         BR    R14
GOTHERE  BR    R9
HALFWAY  S     R9,=F'2'
         MVC   0(2,R9),FETCH        an instruction of four bytes
         BR    R9
EXTHERE  EX    0,0(,R9)
         BR    R14
KEYTHERE SSK   R1,R9
         BR    R14
KEYBACK  ISK   R1,R9
         BR    R14
REFTHERE RRB   0(R9)
         BR    R14
LOADPSW  LPSW  0(R9)
SETMASK  SSM   0(R9)
         BR    R14
ORMASK   STOSM 0(R9),0
         BR    R14
STORECR  STCTL 0,0,0(R9)
         BR    R14
LOADCR   LCTL  8,8,0(R9)
         BR    R14
STOREID  STIDP 0(R9)
         BR    R14
LRATABLE L     R1,=X'00800000'
         ST    R1,0(,R8)
         O     R9,=X'FF000000'      a segment table out there
         ST    R9,4(,R8)
         LCTL  0,1,0(R8)
         LRA   R1,0
         BR    R14
DATTABLE L     R1,=X'00800000'
         ST    R1,0(,R8)
         O     R9,=X'FF000000'
         ST    R9,4(,R8)
         LCTL  0,1,0(R8)
         MVC   0(8,R8),ECDAT        the first instruction is fetched
         LPSW  0(R8)                through this table
*
*        What no instruction is, and what is not on its boundary
*
NOCODE   DC    X'0000'
NOCODEB2 DC    X'B2FF0000'
ODDEX    EX    0,FETCH+1
EXOFEX   EX    0,EXTHERE
ODDGO    LA    R8,1(,R8)
         BR    R8
ODDPSW   LPSW  1(R8)
ODDCR    LCTL  0,0,2(R8)
ODDSTCR  STCTL 0,0,1(R8)
ODDID    STIDP 4(R8)
ODDSWAP  CS    R1,R2,2(R8)
ODDSSK   LA    R8,8(,R8)
         SSK   R1,R8
ODDISK   LA    R8,1(,R8)
         ISK   R1,R8
ODDREG   DR    R1,R2
MCCLASS  MC    0,16                 classes are 0 to 15
*
*        Another key
*
KEYSTORE BAL   R7,LOCK
         ST    R1,0(,R8)
KEYFETCH BAL   R7,LOCK
         L     R1,0(,R8)
KEYGO    BAL   R7,LOCK
         BR    R8
KEYEX    BAL   R7,LOCK
         EX    0,0(,R8)
KEYPSW   BAL   R7,LOCK
         LPSW  0(R8)
KEYMASK  BAL   R7,LOCK
         SSM   0(R8)
KEYOR    BAL   R7,LOCK
         STOSM 0(R8),0
KEYAND   BAL   R7,LOCK
         STNSM 0(R8),X'FF'
KEYLCTL  BAL   R7,LOCK
         LCTL  8,8,0(R8)
KEYSTCTL BAL   R7,LOCK
         STCTL 0,0,0(R8)
KEYID    BAL   R7,LOCK
         STIDP 0(R8)
LOCK     LA    R1,X'38'             key 3, no fetching either
         SSK   R1,R8
         SPKA  X'20'                ours is 2 now
         BR    R7
*
*        PSWs that are none
*
BADPSW1  LPSW  ECBIT0
BADPSW2  LPSW  ECBIT24
BADPSW3  LPSW  ODDADDR
BADPSW4  MVC   0(8,R8),ECMODE       in EC mode, masks that are none
         LPSW  ECMODE
INECMODE SSM   ALLONES
         BR    R14
BADPSW5  LCTL  0,0,BADCR0           DAT with a format that is none
         LPSW  ECDAT
SUPPRESS LCTL  0,0,NOSSM
         SSM   ZEROMASK
         BR    R14
MONITOR  LCTL  8,8,MONMASK
         MC    7,1
         BR    R14
LRABAD   LCTL  0,0,BADCR0
         LRA   R1,0
         BR    R14
ALLCRS   LCTL  0,15,SOMECRS         they are ours: what goes in comes
         STCTL 0,15,0(R8)           out again
         LCTL  0,15,OURCRS
         CLC   0(64,R8),SOMECRS
         BER   R14
         MVI   RESULT,X'FF'
         BR    R14
TIMERS   MVC   TIMER,=X'7FFF0000'   it goes down, and not much
         L     R1,TIMER
         S     R1,=X'7FFE0000'
         BM    TIMEBAD
         C     R1,=X'00010000'
         BNHR  R14
TIMEBAD  MVI   RESULT,X'FF'
         BR    R14
OURPSWS  MVC   0(128,R8),0          low storage is ours, too
         MVC   0(128,0),ALLONES
         CLC   0(80,0),ALLONES
         BNE   OURSNOT
         CLC   84(44,0),ALLONES     but for the timer
         BNE   OURSNOT
         MVC   0(128,0),0(R8)
         BR    R14
OURSNOT  MVC   0(128,0),0(R8)
         MVI   RESULT,X'FF'
         BR    R14
*
*        What only a supervisor may do, in the problem state
*
PSSM     SSM   ZEROMASK
PLPSW    LPSW  PROBPSW
PSTNSM   STNSM 0(R8),X'FF'
PSTOSM   STOSM 0(R8),0
PSSK     SSK   R1,R8
PISK     ISK   R1,R8
PRRB     RRB   0(R8)
PLCTL    LCTL  0,0,OURCRS
PSTCTL   STCTL 0,0,0(R8)
PLRA     LRA   R1,0(,R8)
PPTLB    PTLB
PSTIDP   STIDP 0(R8)
PSCK     SCK   0(R8)
PSPT     SPT   0(R8)
PSIO     SIO   X'009'
PTIO     TIO   X'009'
PHIO     HIO   X'009'
PTCH     TCH   0
PSTIDC   STIDC 0
PDIAG    DIAG  R2,R3,X'24'
PEX      EX    0,PSSM
PODD     LPSW  1(R8)                the state counts before the address
PBEYOND  SSM   0(R9)
*
*        Other processors
*
SIGNAL   SR    R3,R3
         SIGP  R2,R3,X'01'          sense
         BR    R14
STOREPX  STPX  0(R8)
         BR    R14
STOREAP  STAP  0(R8)
         BR    R14
SETPX    ST    R9,0(,R8)            a page 0 that is not there
         SPX   0(R8)
         BR    R14
*
*        Devices and channels that are not there: the condition code
*
NODEV    SIO   X'0FE'
         B     CCISIT
NOCHAN   TIO   X'F00'
         B     CCISIT
NOTCH    TCH   X'F00'
         B     CCISIT
NOHIO    HIO   X'0FE'
CCISIT   BALR  R1,0
         SRL   R1,28
         N     R1,=F'3'
         STH   R1,RESULT
         BR    R14
*
*        A channel program that is changed when it has been started:
*        the sense byte goes where it was to go
*
TOOLATE  LA    R2,X'009'
         B     TOOREADY
TOOLATE1 LA    R2,X'181'
TOOREADY TIO   0(R2)
         BC    2,TOOREADY
         MVI   SENSED,X'FF'
         MVI   NOTHERE,X'FF'
         MVC   CHANGE+1(3),=AL3(SENSED)
         MVC   CAW,=A(CHANGE)
         SIO   0(R2)
         MVC   CHANGE+1(3),=AL3(NOTHERE)
TOOWAIT  TIO   0(R2)
         BC    2,TOOWAIT
         CLI   SENSED,X'FF'
         BE    TOOBAD
         CLI   NOTHERE,X'FF'
         BER   R14
TOOBAD   MVI   RESULT,X'FF'
         BR    R14
CHANGE   CCW   SENSE,SENSED,SLI,1
SENSED   DS    X
NOTHERE  DS    X
*
*        DIAGNOSE.  R2 is Rx, R4 is Ry.
*
DCODE3   DIAG  R2,R4,X'03'
DCODEF0  DIAG  R2,R4,X'F0'
DCODE4   DIAG  R2,R4,X'04'          examine real storage: not for us
DCODE3C  DIAG  R2,R4,X'3C'          change the directory
DID1     LA    R2,4(,R8)
         LA    R4,32
         DIAG  R2,R4,X'00'
         BR    R14
DID2     LR    R2,R8
         SR    R4,R4
         DIAG  R2,R4,X'00'
         BR    R14
DID3     LR    R2,R9
         LA    R4,32
         DIAG  R2,R4,X'00'
         BR    R14
DID4     S     R9,=F'16'
         LR    R2,R9
         LA    R4,32
         DIAG  R2,R4,X'00'
         BR    R14
DCMD1    LA    R2,QUERY
         LA    R4,133               longer than a command may be
         DIAG  R2,R4,X'08'
         BR    R14
DCMD2    LR    R2,R9
         LA    R4,8
         DIAG  R2,R4,X'08'
         BR    R14
DCMD3    S     R9,=F'4'
         LR    R2,R9
         LA    R4,8
         DIAG  R2,R4,X'08'
         BR    R14
DCMD4    LA    R2,QUERY
         LR    R3,R9
         L     R4,=X'40000008'
         LA    R5,100
         DIAG  R2,R4,X'08'
         BR    R14
DCMD5    LA    R2,QUERY
         S     R9,=F'50'
         LR    R3,R9
         L     R4,=X'40000008'
         LA    R5,100
         DIAG  R2,R4,X'08'
         BR    R14
DCMD6    LA    R2,QUERY
         LR    R3,R8
         L     R4,=X'40000008'
         L     R5,=F'8193'
         DIAG  R2,R4,X'08'
         BR    R14
DCMD7    LA    R2,QUERY             pairs of registers that overlap
         L     R3,=X'40000008'
         LA    R4,100
         DIAG  R2,R3,X'08'
         BR    R14
DCMD8    LA    R2,QUERY             register 15 has no next one
         L     R15,=X'40000008'
         DIAG  R2,R15,X'08'
         BR    R14
DTIME1   LA    R2,4(,R8)
         DIAG  R2,R4,X'0C'
         BR    R14
DTIME2   LR    R2,R9
         DIAG  R2,R4,X'0C'
         BR    R14
DFREE1   LA    R2,8(,R8)
         LR    R4,R8
         DIAG  R2,R4,X'10'
         BR    R14
DFREE2   LR    R2,R8
         LR    R4,R8
         S     R4,=F'4096'
         DIAG  R2,R4,X'10'
         BR    R14
DFREE3   LR    R2,R8
         LR    R4,R9
         DIAG  R2,R4,X'10'
         BR    R14
DDISK1   LA    R2,X'FE'             no such device
         LA    R4,CHANGE
         LA    R15,1
         DIAG  R2,R4,X'18'
         B     CCAND15
DTAPE1   LA    R2,X'FE'
         LA    R4,CHANGE
         DIAG  R2,R4,X'20'
CCAND15  BCR   8,R14                CC 0: R15 says nothing
         BALR  R1,0
         SRL   R1,28
         N     R1,=F'3'
         STC   R1,RESULT
         STC   R15,RESULT+1
         BR    R14
DTYPE    LA    R2,X'FE'
         DIAG  R2,R4,X'24'
         B     CCISIT
DSIZE    DIAG  R2,R4,X'60'
         CR    R2,R9
         BER   R14
         MVI   RESULT,X'FF'
         BR    R14
DSEG1    LR    R2,R9
         LA    R4,X'0C'
         DIAG  R2,R4,X'64'
         BR    R14
DSEG2    LA    R2,QUERY
         LA    R4,X'10'             there is no such subcode
         DIAG  R2,R4,X'64'
         BR    R14
DVMCF1   LA    R2,4(,R8)
         DIAG  R2,R4,X'68'
         BR    R14
DVMCF2   LR    R2,R9
         DIAG  R2,R4,X'68'
         BR    R14
DVMCF3   LA    R2,VMCPARM1          no such function
         B     DVMCF
DVMCF4   LA    R2,VMCPARM2          send before authorize
         B     DVMCF
DVMCF5   LA    R2,VMCPARM3          a buffer beyond storage
         ST    R9,16(,R2)
DVMCF    DIAG  R2,R4,X'68'
         STH   R4,RESULT            the return code
         BR    R14
DCMD9    LA    R2,NONSENSE          CP does not know it
         LA    R4,L'NONSENSE
         DIAG  R2,R4,X'08'
         STH   R4,RESULT
         BR    R14
DFREE4   MVI   0(R8),X'FF'          the page becomes zeros
         LR    R2,R8
         LR    R4,R8
         DIAG  R2,R4,X'10'
         CLC   0(256,R8),ZEROS
         BER   R14
         MVI   RESULT,X'FF'
         BR    R14
DDISK2   LA    R2,X'181'            a tape is no disk
         LA    R4,CHANGE
         LA    R15,1
         DIAG  R2,R4,X'18'
         B     CCAND15
DDISK3   LA    R4,XSEEK+4           the chain is not aligned
         B     DDISK
DDISK4   MVI   XDATA,X'0E'          neither read nor write
         B     DDISKX
DDISK5   MVI   XDATA+7,0            no count
         B     DDISKX
DDISK6   MVC   XDATA+6(2),=H'2049'  too much at a time
         B     DDISKX
DDISK7   STCM  R9,7,XDATA+1         a buffer beyond storage
DDISKX   LA    R4,XSEEK
DDISK    LA    R15,1
DDISKR15 LA    R2,X'191'
         DIAG  R2,R4,X'18'
         MVC   XDATA(8),XGOOD
         B     CCAND15
DDISK8   LA    R4,XSEEK
         SR    R15,R15              no records
         B     DDISKR15
DDISK9   LA    R4,XSEEK             no such record
         B     DDISK
DTAPE2   LA    R2,X'181'
         LA    R4,CHANGE+4
         DIAG  R2,R4,X'20'
         B     CCAND15
DTAPE3   LA    R2,X'181'
         LR    R4,R9
         DIAG  R2,R4,X'20'
         B     CCAND15
DTAPE4   LA    R2,X'181'
         L     R4,=A(SBEYOND)
         DIAG  R2,R4,X'20'
         B     CCAND15
DTAPE5   LA    R2,X'181'            this is allowed
         LA    R4,CHANGE
         DIAG  R2,R4,X'20'
         B     CCAND15
DTYPE2   LA    R2,X'181'            class of the device: tape
         DIAG  R2,R4,X'24'
         STCM  R4,B'1000',RESULT+1
         BR    R14
DSEG3    LA    R2,QUERY             no segment has this name
         LA    R4,X'0C'
         DIAG  R2,R4,X'64'
         BALR  R1,0
         SRL   R1,28
         N     R1,=F'3'
         STC   R1,RESULT
         STC   R4,RESULT+1
         BR    R14
*
         DS    0D
QUERY    DC    CL8'QUERY'
XSEEK    CCW   X'07',XARGUM,CC,6
XSEARCH  CCW   X'31',XARGUM+2,CC,5
         CCW   TIC,XSEARCH,0,1
XDATA    CCW   X'06',PLAYPAGE,SLI,80
XGOOD    CCW   X'06',PLAYPAGE,SLI,80
XARGUM   DC    X'00000000000009',X'00'
VMCPARM1 DC    X'0000',H'99',F'1',CL8'*',6F'0'
VMCPARM2 DC    X'0000',H'2',F'1',CL8'*',6F'0'
VMCPARM3 DC    X'0000',H'0',F'1',CL8'*',F'0,40',4F'0'
ECBIT0   DC    X'80080000',A(FIRST)
ECBIT24  DC    X'00080080',A(FIRST)
ODDADDR  DC    X'00000000',A(FIRST+1)
ECMODE   DC    X'00080000',A(INECMODE)
ECDAT    DC    X'04080000',A(FIRST)
BADCR0   DC    X'00F80000'
NOSSM    DC    X'40000000'
MONMASK  DC    X'0000FFFF'
SOMECRS  DC    X'00900000',X'01003000',X'A5A5A5A5',F'3',F'4',F'5'
         DC    F'6',F'7',X'0000FFFF',X'00000000',F'10',F'11',F'12'
         DC    F'13',X'C2000000',F'512'
NONSENSE DC    C'NONSENSE'
ZEROMASK DC    X'00'
ZEROS    DC    256X'00'
ALLONES  DC    128X'FF'
         LTORG
***********************************************************************
*  CCWs and CAWs; SETUP puts in what depends on the end of storage
*
         DS    0D
GOODCCW  CCW   NOOP,0,SLI,1
SCOUNT0  CCW   SENSE,PLAYPAGE,SLI,0
SCODE0   CCW   0,PLAYPAGE,SLI,1
SFLAGS   CCW   SENSE,PLAYPAGE,SLI+X'02',1
SBEYOND  CCW   SENSE,0,SLI,1        at the end
SHIGH    CCW   SENSE,X'FFFFFF',SLI,1
STIC     CCW   TIC,GOODCCW,0,1
STICTIC  CCW   SENSE,PLAYPAGE,CC+SLI,1
         CCW   TIC,STICTICB,0,1
STICTICB CCW   TIC,GOODCCW,0,1
STICOUT  CCW   SENSE,PLAYPAGE,CC+SLI,1
STICOUTB CCW   TIC,0,0,1            at the end
STICODD  CCW   SENSE,PLAYPAGE,CC+SLI,1
         CCW   TIC,GOODCCW+4,0,1
SNEXT0   CCW   SENSE,PLAYPAGE,CC+SLI,1
         CCW   SENSE,PLAYPAGE,SLI,0
SIDAOUT  CCW   SENSE,LISTOUT,SLI+IDA,1
SIDAHIGH CCW   SENSE,LISTHIGH,SLI+IDA,1
SIDAODD  CCW   SENSE,LISTHIGH+6,SLI+IDA,1
SIDABEY  CCW   SENSE,0,SLI+IDA,1    the list is at the end
SKEY     CCW   SENSE,PLAYPAGE,SLI,1
WBEYOND  CCW   X'01',0,SLI,8        at the end
SACROSS  CCW   SENSE,0,SLI,24       at the end less 4
WKEY     CCW   X'01',PLAYPAGE,SLI,4
LISTOUT  DC    F'0'                 the end
LISTHIGH DC    X'01007000',F'0'
CAWS     DS    0F
CGOOD    DC    A(GOODCCW)
CCOUNT0  DC    A(SCOUNT0)
CCODE0   DC    A(SCODE0)
CFLAGS   DC    A(SFLAGS)
CBEYOND  DC    A(SBEYOND)
CHIGH    DC    A(SHIGH)
CTIC     DC    A(STIC)
CTICTIC  DC    A(STICTIC)
CTICOUT  DC    A(STICOUT)
CTICODD  DC    A(STICODD)
CNEXT0   DC    A(SNEXT0)
CIDAOUT  DC    A(SIDAOUT)
CIDAHIGH DC    A(SIDAHIGH)
CIDAODD  DC    A(SIDAODD)
CIDABEY  DC    A(SIDABEY)
CKEY     DC    X'20',AL3(SKEY)
CWBEYOND DC    A(WBEYOND)
CSACROSS DC    A(SACROSS)
CWKEY    DC    X'20',AL3(WKEY)
CODD     DC    A(GOODCCW+4)
CBITS    DC    X'08',AL3(GOODCCW)
COUT     DC    F'0'
CFETCH   DC    X'20',AL3(PLAYPAGE)  the CCW may not be fetched
*
SETUP    BALR  R15,0
         USING *,R15
         ST    R9,COUT
         ST    R9,LISTOUT
         STCM  R9,7,SBEYOND+1
         STCM  R9,7,STICOUTB+1
         STCM  R9,7,SIDABEY+1
         STCM  R9,7,WBEYOND+1
         LR    R1,R9
         S     R1,=F'4'
         STCM  R1,7,SACROSS+1
         BR    R14
         LTORG
***********************************************************************
*  The table: what, where; on the real machine, under CP
*
         DS    0F
ATTEMPTS DC    C'S',AL3(FETCH),X'00050005',CL40'FETCH BEYOND STORAGE'
         DC    C'S',AL3(STORE),X'00050005',CL40'STORE BEYOND STORAGE'
         DC    C'S',AL3(LASTBYTE),X'00000000',CL40'THE LAST BYTE'
         DC    C'S',AL3(ACROSS),X'00050005',CL40'FETCH ACROSS ITS END'
         DC    C'S',AL3(MOVEOUT),X'00050005',CL40'MOVE ACROSS ITS END'
         DC    C'S',AL3(MOVELONG),X'00050005',CL40'MVCL BEYOND STORAGE'
         DC    C'S',AL3(HIGHEST),X'00050005',CL40'THE HIGHEST ADDRESS'
         DC    C'S',AL3(SWAPOUT),X'00050005',CL40'CS BEYOND STORAGE'
         DC    C'S',AL3(GOTHERE),X'00050005',CL40'BRANCH BEYOND'
         DC    C'S',AL3(HALFWAY),X'00050005'
         DC    CL40'INSTRUCTION ACROSS THE END'
         DC    C'S',AL3(EXTHERE),X'00050005',CL40'EX BEYOND STORAGE'
         DC    C'S',AL3(KEYTHERE),X'00050005',CL40'SSK BEYOND STORAGE'
         DC    C'S',AL3(KEYBACK),X'00050005',CL40'ISK BEYOND STORAGE'
         DC    C'S',AL3(REFTHERE),X'00050005',CL40'RRB BEYOND STORAGE'
         DC    C'S',AL3(LOADPSW),X'00050005',CL40'LPSW BEYOND STORAGE'
         DC    C'S',AL3(SETMASK),X'00050005',CL40'SSM BEYOND STORAGE'
         DC    C'S',AL3(ORMASK),X'00050005',CL40'STOSM BEYOND STORAGE'
         DC    C'S',AL3(LOADCR),X'00050005',CL40'LCTL BEYOND STORAGE'
         DC    C'S',AL3(STORECR),X'00050005',CL40'STCTL BEYOND STORAGE'
         DC    C'S',AL3(STOREID),X'00050005',CL40'STIDP BEYOND STORAGE'
         DC    C'S',AL3(LRATABLE),X'00050005'
         DC    CL40'LRA, SEGMENT TABLE BEYOND STORAGE'
         DC    C'S',AL3(DATTABLE),X'00050005'
         DC    CL40'DAT, SEGMENT TABLE BEYOND STORAGE'
*
         DC    C'S',AL3(NOCODE),X'00010001',CL40'OPERATION CODE 00'
         DC    C'S',AL3(NOCODEB2),X'00010001',CL40'OPERATION CODE B2FF'
         DC    C'S',AL3(ODDEX),X'00060006',CL40'EX AT AN ODD ADDRESS'
         DC    C'S',AL3(EXOFEX),X'00030003',CL40'EX OF EX'
         DC    C'S',AL3(ODDGO),X'00060006',CL40'ODD BRANCH ADDRESS'
         DC    C'S',AL3(ODDPSW),X'00060006',CL40'LPSW NOT ALIGNED'
         DC    C'S',AL3(ODDCR),X'00060006',CL40'LCTL NOT ALIGNED'
         DC    C'S',AL3(ODDSTCR),X'00060006',CL40'STCTL NOT ALIGNED'
         DC    C'S',AL3(ODDID),X'00060006',CL40'STIDP NOT ALIGNED'
         DC    C'S',AL3(ODDSWAP),X'00060006',CL40'CS NOT ALIGNED'
         DC    C'S',AL3(ODDSSK),X'00060006',CL40'SSK NOT ALIGNED'
         DC    C'S',AL3(ODDISK),X'00060006',CL40'ISK NOT ALIGNED'
         DC    C'S',AL3(ODDREG),X'00060006',CL40'DR WITH ODD REGISTER'
         DC    C'S',AL3(MCCLASS),X'00060006',CL40'MONITOR CLASS 16'
         DC    C'S',AL3(MONITOR),X'00400040',CL40'MONITOR CLASS 1'
*
         DC    C'S',AL3(KEYSTORE),X'00040004',CL40'STORE, OTHER KEY'
         DC    C'S',AL3(KEYFETCH),X'00040004',CL40'FETCH, OTHER KEY'
         DC    C'S',AL3(KEYGO),X'00040004',CL40'BRANCH, OTHER KEY'
         DC    C'S',AL3(KEYEX),X'00040004',CL40'EX, OTHER KEY'
         DC    C'S',AL3(KEYPSW),X'00040004',CL40'LPSW, OTHER KEY'
         DC    C'S',AL3(KEYMASK),X'00040004',CL40'SSM, OTHER KEY'
         DC    C'S',AL3(KEYOR),X'00040004',CL40'STOSM, OTHER KEY'
         DC    C'S',AL3(KEYAND),X'00040004',CL40'STNSM, OTHER KEY'
         DC    C'S',AL3(KEYLCTL),X'00040004',CL40'LCTL, OTHER KEY'
         DC    C'S',AL3(KEYSTCTL),X'00040004',CL40'STCTL, OTHER KEY'
         DC    C'S',AL3(KEYID),X'00040004',CL40'STIDP, OTHER KEY'
*
         DC    C'S',AL3(BADPSW1),X'00060006',CL40'EC PSW, BIT 0'
         DC    C'S',AL3(BADPSW2),X'00060006',CL40'EC PSW, BIT 24'
         DC    C'S',AL3(BADPSW3),X'00060006',CL40'PSW, ODD ADDRESS'
         DC    C'S',AL3(BADPSW4),X'00060006',CL40'SSM, BITS 0 AND 2-4'
         DC    C'S',AL3(BADPSW5),X'00120012',CL40'DAT WITHOUT A FORMAT'
         DC    C'S',AL3(LRABAD),X'00120012',CL40'LRA WITHOUT A FORMAT'
         DC    C'S',AL3(SUPPRESS),X'00130013',CL40'SSM SUPPRESSED'
         DC    C'S',AL3(ALLCRS),X'00000000',CL40'ALL CONTROL REGISTERS'
         DC    C'S',AL3(TIMERS),X'00000000',CL40'INTERVAL TIMER'
         DC    C'S',AL3(OURPSWS),X'00000000',CL40'LOW STORAGE'
*
         DC    C'P',AL3(PSSM),X'00020002',CL40'PROBLEM STATE: SSM'
         DC    C'P',AL3(PLPSW),X'00020002',CL40'PROBLEM STATE: LPSW'
         DC    C'P',AL3(PSTNSM),X'00020002',CL40'PROBLEM STATE: STNSM'
         DC    C'P',AL3(PSTOSM),X'00020002',CL40'PROBLEM STATE: STOSM'
         DC    C'P',AL3(PSSK),X'00020002',CL40'PROBLEM STATE: SSK'
         DC    C'P',AL3(PISK),X'00020002',CL40'PROBLEM STATE: ISK'
         DC    C'P',AL3(PRRB),X'00020002',CL40'PROBLEM STATE: RRB'
         DC    C'P',AL3(PLCTL),X'00020002',CL40'PROBLEM STATE: LCTL'
         DC    C'P',AL3(PSTCTL),X'00020002',CL40'PROBLEM STATE: STCTL'
         DC    C'P',AL3(PLRA),X'00020002',CL40'PROBLEM STATE: LRA'
         DC    C'P',AL3(PPTLB),X'00020002',CL40'PROBLEM STATE: PTLB'
         DC    C'P',AL3(PSTIDP),X'00020002',CL40'PROBLEM STATE: STIDP'
         DC    C'P',AL3(PSCK),X'00020002',CL40'PROBLEM STATE: SCK'
         DC    C'P',AL3(PSPT),X'00020002',CL40'PROBLEM STATE: SPT'
         DC    C'P',AL3(PSIO),X'00020002',CL40'PROBLEM STATE: SIO'
         DC    C'P',AL3(PTIO),X'00020002',CL40'PROBLEM STATE: TIO'
         DC    C'P',AL3(PHIO),X'00020002',CL40'PROBLEM STATE: HIO'
         DC    C'P',AL3(PTCH),X'00020002',CL40'PROBLEM STATE: TCH'
         DC    C'P',AL3(PSTIDC),X'00020002',CL40'PROBLEM STATE: STIDC'
         DC    C'P',AL3(PDIAG),X'00020002',CL40'PROBLEM STATE: DIAG'
         DC    C'P',AL3(PEX),X'00020002',CL40'PROBLEM STATE: EX OF SSM'
         DC    C'P',AL3(PODD),X'00020002'
         DC    CL40'PROBLEM STATE: LPSW NOT ALIGNED'
         DC    C'P',AL3(PBEYOND),X'00020002'
         DC    CL40'PROBLEM STATE: SSM BEYOND STORAGE'
*
         DC    C'S',AL3(SIGNAL),X'00000001',CL40'SIGP'
         DC    C'S',AL3(STOREPX),X'00000001',CL40'STPX'
         DC    C'S',AL3(STOREAP),X'00000001',CL40'STAP'
         DC    C'S',AL3(SETPX),X'00050001',CL40'SPX BEYOND STORAGE'
*
         DC    C'S',AL3(NODEV),X'00030003',CL40'SIO, NO SUCH DEVICE'
         DC    C'S',AL3(NOCHAN),X'00030003',CL40'TIO, NO SUCH CHANNEL'
         DC    C'S',AL3(NOTCH),X'00030003',CL40'TCH, NO SUCH CHANNEL'
         DC    C'S',AL3(NOHIO),X'00030003',CL40'HIO, NO SUCH DEVICE'
         DC    C'S',AL3(TOOLATE),X'00000000'
         DC    CL40'009: CCW CHANGED AFTER START I/O'
*
         DC    C'I',AL3(CGOOD-CAWS),X'00000000',CL40'009: NO-OP'
         DC    C'I',AL3(CODD-CAWS),X'00200020',CL40'009: CAW, ODD CCW'
         DC    C'I',AL3(CBITS-CAWS),X'00200020',CL40'009: CAW, BIT 4'
         DC    C'I',AL3(COUT-CAWS),X'00200020'
         DC    CL40'009: CCW BEYOND STORAGE'
         DC    C'I',AL3(CCOUNT0-CAWS),X'00200020',CL40'009: COUNT 0'
         DC    C'I',AL3(CCODE0-CAWS),X'00200020',CL40'009: COMMAND 00'
         DC    C'I',AL3(CFLAGS-CAWS),X'00200020',CL40'009: CCW, BIT 38'
         DC    C'I',AL3(CNEXT0-CAWS),X'00200020'
         DC    CL40'009: COUNT 0 IN THE SECOND CCW'
         DC    C'I',AL3(CBEYOND-CAWS),X'00200020'
         DC    CL40'009: SENSE TO BEYOND STORAGE'
         DC    C'I',AL3(CHIGH-CAWS),X'00200020'
         DC    CL40'009: SENSE TO THE HIGHEST ADDRESS'
         DC    C'I',AL3(CWBEYOND-CAWS),X'00200020'
         DC    CL40'009: WRITE FROM BEYOND STORAGE'
         DC    C'I',AL3(CTIC-CAWS),X'00200020',CL40'009: TIC FIRST'
         DC    C'I',AL3(CTICTIC-CAWS),X'00200020',CL40'009: TIC TO TIC'
         DC    C'I',AL3(CTICOUT-CAWS),X'00200020'
         DC    CL40'009: TIC TO BEYOND STORAGE'
         DC    C'I',AL3(CTICODD-CAWS),X'00200020',CL40'009: TIC TO ODD'
         DC    C'I',AL3(CIDAOUT-CAWS),X'00200020'
         DC    CL40'009: IDAW BEYOND STORAGE'
         DC    C'I',AL3(CIDAHIGH-CAWS),X'00200020'
         DC    CL40'009: IDAW OF MORE THAN 24 BITS'
         DC    C'I',AL3(CIDAODD-CAWS),X'00200020'
         DC    CL40'009: IDAWS NOT ALIGNED'
         DC    C'I',AL3(CIDABEY-CAWS),X'00200020'
         DC    CL40'009: IDAWS BEYOND STORAGE'
         DC    C'I',AL3(CKEY-CAWS),X'00100010'
         DC    CL40'009: SENSE, OTHER KEY'
         DC    C'I',AL3(CWKEY-CAWS),X'00100010'
         DC    CL40'009: WRITE, OTHER KEY'
         DC    C'I',AL3(CFETCH-CAWS),X'00100010'
         DC    CL40'009: CCW, OTHER KEY'
*
         DC    C'E',AL3(TOOLATE1),X'00000000'
         DC    CL40'181: CCW CHANGED AFTER START I/O'
         DC    C'D',AL3(CODD-CAWS),X'00200020',CL40'181: CAW, ODD CCW'
         DC    C'D',AL3(CBITS-CAWS),X'00200020',CL40'181: CAW, BIT 4'
         DC    C'D',AL3(COUT-CAWS),X'00200020'
         DC    CL40'181: CCW BEYOND STORAGE'
         DC    C'D',AL3(CCOUNT0-CAWS),X'00200020',CL40'181: COUNT 0'
         DC    C'D',AL3(CCODE0-CAWS),X'00200020',CL40'181: COMMAND 00'
         DC    C'D',AL3(CFLAGS-CAWS),X'00200020',CL40'181: CCW, BIT 38'
         DC    C'D',AL3(CBEYOND-CAWS),X'00200020'
         DC    CL40'181: SENSE TO BEYOND STORAGE'
         DC    C'D',AL3(CSACROSS-CAWS),X'00200020'
         DC    CL40'181: SENSE ACROSS THE END'
         DC    C'D',AL3(CHIGH-CAWS),X'00200020'
         DC    CL40'181: SENSE TO THE HIGHEST ADDRESS'
         DC    C'D',AL3(CTIC-CAWS),X'00200020',CL40'181: TIC FIRST'
         DC    C'D',AL3(CTICTIC-CAWS),X'00200020',CL40'181: TIC TO TIC'
         DC    C'D',AL3(CTICOUT-CAWS),X'00200020'
         DC    CL40'181: TIC TO BEYOND STORAGE'
         DC    C'D',AL3(CTICODD-CAWS),X'00200020',CL40'181: TIC TO ODD'
         DC    C'D',AL3(CNEXT0-CAWS),X'00200020'
         DC    CL40'181: COUNT 0 IN THE SECOND CCW'
         DC    C'D',AL3(CIDAOUT-CAWS),X'00200020'
         DC    CL40'181: IDAW BEYOND STORAGE'
         DC    C'D',AL3(CIDAHIGH-CAWS),X'00200020'
         DC    CL40'181: IDAW OF MORE THAN 24 BITS'
         DC    C'D',AL3(CIDAODD-CAWS),X'00200020'
         DC    CL40'181: IDAWS NOT ALIGNED'
         DC    C'D',AL3(CIDABEY-CAWS),X'00200020'
         DC    CL40'181: IDAWS BEYOND STORAGE'
         DC    C'D',AL3(CKEY-CAWS),X'00100010'
         DC    CL40'181: SENSE, OTHER KEY'
         DC    C'D',AL3(CFETCH-CAWS),X'00100010'
         DC    CL40'181: CCW, OTHER KEY'
*
         DC    C'S',AL3(DCODE3),X'FFFF0006',CL40'DIAGNOSE X''03'''
         DC    C'S',AL3(DCODEF0),X'FFFF0006',CL40'DIAGNOSE X''F0'''
         DC    C'S',AL3(DCODE4),X'FFFF0002',CL40'DIAGNOSE X''04'''
         DC    C'S',AL3(DCODE3C),X'FFFF0002',CL40'DIAGNOSE X''3C'''
         DC    C'S',AL3(DID1),X'FFFF0006',CL40'X''00'', NOT ALIGNED'
         DC    C'S',AL3(DID2),X'FFFF0006',CL40'X''00'', NO LENGTH'
         DC    C'S',AL3(DID3),X'FFFF0005',CL40'X''00'', BEYOND'
         DC    C'S',AL3(DID4),X'FFFF0005',CL40'X''00'', ACROSS'
         DC    C'S',AL3(DCMD1),X'FFFF0006',CL40'X''08'', TOO LONG'
         DC    C'S',AL3(DCMD2),X'FFFF0005',CL40'X''08'', BEYOND'
         DC    C'S',AL3(DCMD3),X'FFFF0005',CL40'X''08'', ACROSS'
         DC    C'S',AL3(DCMD4),X'FFFF0005'
         DC    CL40'X''08'', ANSWER BEYOND'
         DC    C'S',AL3(DCMD5),X'FFFF0005'
         DC    CL40'X''08'', ANSWER ACROSS'
         DC    C'S',AL3(DCMD6),X'FFFF0006'
         DC    CL40'X''08'', ANSWER TOO LONG'
         DC    C'S',AL3(DCMD7),X'FFFF0006'
         DC    CL40'X''08'', REGISTERS THAT OVERLAP'
         DC    C'S',AL3(DCMD8),X'FFFF0006'
         DC    CL40'X''08'', REGISTER 15'
         DC    C'S',AL3(DCMD9),X'FFFF0001',CL40'X''08'', NO COMMAND'
         DC    C'S',AL3(DTIME1),X'FFFF0006',CL40'X''0C'', NOT ALIGNED'
         DC    C'S',AL3(DTIME2),X'FFFF0005',CL40'X''0C'', BEYOND'
         DC    C'S',AL3(DFREE1),X'FFFF0006',CL40'X''10'', NO PAGE'
         DC    C'S',AL3(DFREE2),X'FFFF0006',CL40'X''10'', BACKWARD'
         DC    C'S',AL3(DFREE3),X'FFFF0005',CL40'X''10'', BEYOND'
         DC    C'S',AL3(DFREE4),X'FFFF0000',CL40'X''10'', MY PAGE'
         DC    C'S',AL3(DDISK1),X'FFFF0101',CL40'X''18'', NO DEVICE'
         DC    C'E',AL3(DDISK2),X'FFFF0102',CL40'X''18'', NO DISK'
         DC    C'F',AL3(DDISK3),X'FFFF0205',CL40'X''18'', NOT ALIGNED'
         DC    C'F',AL3(DDISK4),X'FFFF0207',CL40'X''18'', NO READ'
         DC    C'F',AL3(DDISK5),X'FFFF0208',CL40'X''18'', NO COUNT'
         DC    C'F',AL3(DDISK6),X'FFFF0209',CL40'X''18'', TOO MUCH'
         DC    C'F',AL3(DDISK7),X'FFFF020A'
         DC    CL40'X''18'', BUFFER BEYOND'
         DC    C'F',AL3(DDISK8),X'FFFF020B',CL40'X''18'', NO RECORDS'
         DC    C'F',AL3(DDISK9),X'FFFF030D',CL40'X''18'', NO RECORD 9'
         DC    C'S',AL3(DTAPE1),X'FFFF0101',CL40'X''20'', NO DEVICE'
         DC    C'E',AL3(DTAPE2),X'FFFF0006',CL40'X''20'', NOT ALIGNED'
         DC    C'E',AL3(DTAPE3),X'FFFF0005',CL40'X''20'', BEYOND'
         DC    C'E',AL3(DTAPE4),X'FFFF030D'
         DC    CL40'X''20'', DATA BEYOND'
         DC    C'E',AL3(DTAPE5),X'FFFF0000',CL40'X''20'', MY TAPE'
         DC    C'S',AL3(DTYPE),X'FFFF0003',CL40'X''24'', NO DEVICE'
         DC    C'E',AL3(DTYPE2),X'FFFF0008',CL40'X''24'', MY TAPE'
         DC    C'S',AL3(DSIZE),X'FFFF0000',CL40'X''60'', MY STORAGE'
         DC    C'S',AL3(DSEG1),X'FFFF0005',CL40'X''64'', BEYOND'
         DC    C'S',AL3(DSEG2),X'FFFF0006',CL40'X''64'', NO SUBCODE'
         DC    C'S',AL3(DSEG3),X'FFFF022C',CL40'X''64'', NO SEGMENT'
         DC    C'S',AL3(DVMCF1),X'FFFF0006',CL40'X''68'', NOT ALIGNED'
         DC    C'S',AL3(DVMCF2),X'FFFF0005',CL40'X''68'', BEYOND'
         DC    C'S',AL3(DVMCF3),X'FFFF0002',CL40'X''68'', NO FUNCTION'
         DC    C'S',AL3(DVMCF4),X'FFFF0004'
         DC    CL40'X''68'', NOT AUTHORIZED'
         DC    C'S',AL3(DVMCF5),X'FFFF0001'
         DC    CL40'X''68'', BUFFER BEYOND'
         DC    C' '
         END   START
