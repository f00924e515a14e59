***********************************************************************
*  PARAKERNEL: the KERNEL, for a machine that is CP's.
*
*  The tasks and the services are the KERNEL's, and so are their
*  lines.  But where the KERNEL starts channel programs and waits for
*  interruptions, which CP has to find out about step by step, this one
*  asks CP by DIAGNOSE, a single instruction each:
*
*            code X'08'  give CP a command: MESSAGE * and the line, in
*                        place of writing it on the console
*            code X'20'  execute a channel program and wait for its end
*
*  What it gives up: it does not run on a real machine; CP writes its
*  own words before each line; and CP does not tell how long a block
*  was, nor look at storage keys for it.
*
*  Storage   0000-01FF   assigned locations: PSWs, CSW, CAW, timer
*            0200-0FFF   kernel    key 0
*            1000-1FFF   task A    key 1
*            2000-2FFF   task B    key 2
*
*  Services  SVC 1  print a line         R1 text, R0 length
*            SVC 2  read a block of tape R1 area, R0 length; R0 returns
*                                        the length of the block
*            SVC 3  give up the processor
*            SVC 4  end
*            R15 returns 0 done, 4 end of the tape, 8 not done
*
*  It ends in a disabled wait whose address tells why:
*            00E0D0      end of the day: both tasks have ended
*            00DEA0      program interruption in the kernel
*            00DEC0      machine check
*            00DE00      this machine is not CP's
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
R10      EQU   10                   the current task's TCB
R12      EQU   12                   a task's base register
R14      EQU   14                   return address in the kernel
R15      EQU   15                   return code
*
TAPE     EQU   X'181'               device
WRITE    EQU   X'09'                console: write, return carriage
READ     EQU   X'02'                tape commands
NOOP     EQU   X'03'
REWIND   EQU   X'07'
CHAINED  EQU   X'60'                CCW: command chaining, any length
ALONE    EQU   X'20'                CCW: any length
PROBLEM  EQU   X'01'                PSW, second byte
INTTIMER EQU   X'80'                external interruption code
NEGATIVE EQU   X'80'                sign of a fullword
*
*  In the first 4K of storage an address fits into a displacement, and
*  base register 0 means no register: the kernel can reach all of its
*  storage when it is interrupted, before it has saved any register.
*
KERNEL   START 0
         USING KERNEL,0
         ORG   KERNEL+X'18'
EXTOPSW  DS    D                    old PSWs: where the machine
SVCOPSW  DS    D                    puts the current PSW when an
PGMOPSW  DS    D                    interruption is taken
MCKOPSW  DS    D
IOOPSW   DS    D
CSW      DS    D                    channel-status word
CAW      DS    F                    channel-address word
         ORG   KERNEL+X'50'
TIMER    DS    F                    interval timer
         ORG   KERNEL+X'58'
NEWPSWS  DS    5D                   new PSWs: external, SVC, program,
*                                   machine check, I/O
***********************************************************************
*  The beginning: the loader comes here, disabled, in supervisor state.
*
         ORG   KERNEL+X'200'
START    MVC   NEWPSWS(40),HANDLERS the doors into the kernel
         STIDP CPUID
         CLI   CPUID,X'FF'          a version that no machine has
         BNE   NOTCP
         SSM   CHANNELS             let in what channels have pending
         LCTL  0,0,CR0              of external conditions: the timer,
         STOSM OLDMASK,X'01'        which has run since IPL; let it in
         STNSM OLDMASK,X'00'        the kernel itself runs disabled
*
*        A storage key for each block of 2K, from the last to the first
*
         L     R2,=A(6*2048)
SETKEY   S     R2,=F'2048'
         BM    KEYSSET
         LR    R3,R2
         SRL   R3,11                number of the block
         IC    R1,KEYS(R3)
         SSK   R1,R2
         B     SETKEY
KEYSSET  LA    R1,HELLO
         LA    R0,L'HELLO
         BAL   R14,SAY
         LA    R10,TCBB             as if task B had run until now,
         B     SWITCH               task A is next
         USING TCB,R10
***********************************************************************
*  The dispatcher.  SWITCH gives the next task that has not ended a new
*  slice of time; RESUME lets the current task go on.
*
SWITCH   LA    R3,2                 look at each task once
NEXTTCB  L     R10,TCBNEXT
         CLI   TCBENDED,0
         BE    CHOSEN
         BCT   R3,NEXTTCB
         LA    R1,GOODBYE           none is left
         LA    R0,L'GOODBYE
         BAL   R14,SAY
         LPSW  ENDOFDAY
CHOSEN   ST    R10,CURRENT
         MVC   TIMER,SLICE
RESUME   MVC   RUNPSW,TCBPSW        where it can be reached when the
         LM    R0,R15,TCBGRS        registers are the task's
         LPSW  RUNPSW               the way out
***********************************************************************
*  Supervisor call.  A task's registers and PSW go into its TCB.
*
SVCINT   STM   R0,R15,SAVEGRS
         L     R10,CURRENT
         MVC   TCBGRS,SAVEGRS
         MVC   TCBPSW,SVCOPSW
         MVC   IOKEY,TCBPSW+1       channels use the task's key: what
         NI    IOKEY,X'F0'          it may not store into, I/O may not
         LH    R4,SVCOPSW+2         the number behind SVC
         CH    R4,=H'4'
         BH    NOSVC
         SLL   R4,2
         B     SERVICE(R4)          4 bytes a branch
SERVICE  B     NOSVC                SVC 0
         B     SVCPRINT             SVC 1
         B     SVCTAPE              SVC 2
         B     SWITCH               SVC 3: nothing more to do
         MVI   TCBENDED,1           SVC 4
         B     SWITCH
NOSVC    LA    R15,8
         ST    R15,TCBR15
         B     RESUME
*
SVCPRINT BAL   R14,PRINT
         ST    R15,TCBR15
         B     RESUME
*
SVCTAPE  BAL   R14,OURS             may the task store there?
         LA    R15,8
         BNE   NOBLOCK
         ST    R1,READCCW
         MVI   READCCW,READ
         STH   R0,READCCW+6
         LR    R4,R1
         LR    R5,R0
         SR    R7,R7
         MVCL  R4,R6                nothing but zeros in the area
         LA    R2,TAPE
         LA    R3,TAPECCWS
         DIAG  R2,R3,X'20'          CP does all of it
         BC    8,READDONE           CC 0: it is done
         MVI   TAPECCWS,NOOP
         LA    R4,8
         BC    13,TAPEBAD           CC 2: R15 tells
         CH    R15,=H'2'            unit exception: a tape mark
         BNE   TAPEBAD
         LA    R4,4
TAPEBAD  LR    R15,R4
         B     NOBLOCK
READDONE MVI   TAPECCWS,NOOP        the tape is rewound only once
         LR    R5,R0                the block ends where zeros begin
         AR    R5,R1
FINDEND  BCTR  R5,0
         CLI   0(R5),0
         BE    FINDEND
         LA    R5,1(,R5)
         SR    R5,R1
         ST    R5,TCBR0
         SR    R15,R15
         ST    R15,TCBR15
         B     RESUME
NOBLOCK  XC    TCBR0(4),TCBR0
         ST    R15,TCBR15
         B     RESUME
*
*        CC 0 if the R0 bytes from R1 on have the task's key
*
OURS     LR    R2,R1
         BAL   R3,KEYOF
         BNER  R14
         LR    R2,R1
         AR    R2,R0
         BCTR  R2,0                 an area is at most 2 blocks of 2K
         BAL   R3,KEYOF
         BR    R14
KEYOF    N     R2,=X'00FFF800'
         ISK   R4,R2
         STC   R4,KEY
         CLC   KEY,IOKEY
         BR    R3
***********************************************************************
*  External interruption: the time slice of a task is over.
*
EXTINT   TM    EXTOPSW+3,INTTIMER
         BNO   EXTBACK
         TM    EXTOPSW+1,PROBLEM    was it a task that ran?
         BNO   EXTBACK
         TM    TIMER,NEGATIVE       or has a new slice begun since the
         BNO   EXTBACK              condition arose?
         STM   R0,R15,SAVEGRS
         L     R10,CURRENT
         MVC   TCBGRS,SAVEGRS
         MVC   TCBPSW,EXTOPSW
         B     SWITCH
EXTBACK  LPSW  EXTOPSW              not for us: go on as before
***********************************************************************
*  Program interruption.  A task with an error exit is resumed there,
*  but only once, with the code in R0 and the address in R1; a task
*  without one is ended.
*
PGMINT   TM    PGMOPSW+1,PROBLEM
         BO    TASKERR
         LPSW  KERNERR              the kernel itself is wrong
TASKERR  STM   R0,R15,SAVEGRS
         L     R10,CURRENT
         MVC   TCBGRS,SAVEGRS
         MVC   TCBPSW,PGMOPSW
         LH    R0,PGMOPSW+2         interruption code
         L     R1,PGMOPSW+4         the address is the one behind the
         LA    R1,0(,R1)            instruction,
         SR    R2,R2
         IC    R2,PGMOPSW+4         the ILC in its first two bits
         SRL   R2,6                 tells how many halfwords
         SLL   R2,1
         SR    R1,R2                it is long
         L     R3,TCBEXIT
         LTR   R3,R3
         BZ    ABEND
         XC    TCBEXIT,TCBEXIT
         STM   R0,R1,TCBR0
         ST    R3,TCBPSW+4
         B     RESUME
*
ABEND    MVI   TCBENDED,1
         STH   R0,ERROR
         STCM  R1,B'0111',ERROR+2
         UNPK  HEX(11),ERROR(6)     ten digits as X'F0' to X'FF';
         TR    HEX(10),DIGITS-X'F0' then as characters
         MVC   ABNAME(1),TCBNAME
         MVC   ABCODE(4),HEX
         MVC   ABADDR,HEX+4
         LA    R1,ABENDED
         LA    R0,L'ABENDED
         BAL   R14,SAY
         B     SWITCH
***********************************************************************
*  Output.  PRINT gives R0 characters from R1 to CP, as a message to
*  ourselves.  CP answers with 0 when it has sent it.
*
SAY      DS    0H
PRINT    LR    R4,R0
         BCTR  R4,0
         EX    R4,MOVELINE
         LA    R2,MESSAGE
         LA    R3,LINE-MESSAGE(,R4)
         LA    R3,1(,R3)
         DIAG  R2,R3,X'08'
         LR    R15,R3
         LTR   R15,R15
         BZR   R14
         LA    R15,8
         BR    R14
MOVELINE MVC   LINE(0),0(R1)
*
IOINT    LPSW  IOOPSW               no channel program is ours
*
*        Without CP there is nobody to ask: this one line we write
*        ourselves
*
NOTCP    MVC   CAW,=A(LINECCW)
         SIO   X'009'
WRITING  TIO   X'009'
         BC    6,WRITING
         LPSW  NOCPPSW
***********************************************************************
*  The kernel's data
*
         DS    0D
HANDLERS DC    X'00040000',A(EXTINT)    the new PSWs: supervisor
         DC    X'00040000',A(SVCINT)    state, key 0, disabled but for
         DC    X'00040000',A(PGMINT)    machine checks,
         DC    X'00020000',X'0000DEC0'  which end everything
         DC    X'00040000',A(IOINT)
ENDOFDAY DC    X'00020000',X'0000E0D0'  wait, disabled
NOCPPSW  DC    X'00020000',X'0000DE00'  wait, disabled
KERNERR  DC    X'00020000',X'0000DEA0'  wait, disabled
RUNPSW   DS    D
CPUID    DS    D
LINECCW  CCW   WRITE,NOCP,ALONE,L'NOCP
TAPECCWS CCW   REWIND,0,CHAINED,1   once, then NOOP; and when done,
READCCW  CCW   READ,0,ALONE,0       read
CR0      DC    X'00000080'
SLICE    DC    F'31'                units of 13 microseconds
SAVEGRS  DS    16F
CURRENT  DC    A(TCBA)
ERROR    DS    XL6                  code, address, and one byte more
HEX      DS    CL11
DIGITS   DC    C'0123456789ABCDEF'
KEYS     DC    X'000010102020'
CHANNELS DC    X'FE'                all channels, not external
OLDMASK  DS    X
IOKEY    DC    X'00'
KEY      DS    X
MESSAGE  DC    C'MESSAGE * '
LINE     DS    CL122
NOCP     DC    C'PARAKERNEL: I CANNOT BE WITHOUT CP'
HELLO    DC    C'KERNEL: TASK A WITH STORAGE KEY 1, TASK B WITH KEY 2'
GOODBYE  DC    C'KERNEL: BOTH TASKS HAVE ENDED'
ABENDED  DS    0CL57
         DC    C'KERNEL: TASK '
ABNAME   DC    C'X ENDED, PROGRAM INTERRUPTION '
ABCODE   DC    C'NNNN AT '
ABADDR   DC    C'AAAAAA'
         LTORG
*
*        Task control blocks: all there is to know about a task when it
*        does not run
*
TCBA     DC    A(TCBB),A(0),C'A',X'000000'
         DC    X'FF150000',A(TASKA)     enabled, key 1, problem state
         DC    16F'0'
TCBB     DC    A(TCBA),A(BERROR),C'B',X'000000'
         DC    X'FF250000',A(TASKB)     enabled, key 2, problem state
         DC    16F'0'
*
TCB      DSECT
TCBNEXT  DS    A                    the next task, in a ring
TCBEXIT  DS    A                    error exit, or 0
TCBNAME  DS    C
TCBENDED DS    X                    1: it has ended
         DS    XL2
TCBPSW   DS    XL8
TCBGRS   DS    0XL64
TCBR0    DS    15F
TCBR15   DS    F
***********************************************************************
*  Task A adds, reads the tape, and does what only the kernel may do.
*
*  The tasks take turns: ATURN and BTURN count how far each has come.
*  Either may fetch from the other's storage, for no key here protects
*  against fetching, but can store only into its own.  Task A gives up
*  the processor while it waits.
*
KERNEL   CSECT
         ORG   KERNEL+X'1000'
TASKA    BALR  R12,0
         USING *,R12
         LA    R4,100
         SR    R5,R5
ADD      AR    R5,R4                100 + 99 + ... + 1
         BCT   R4,ADD
         CVD   R5,AWORK
         ED    ASUM,AWORK+5
         LA    R1,ASUMMSG
         LA    R0,L'ASUMMSG
         SVC   1
*
         SR    R6,R6                number of blocks
AREAD    LA    R1,ABLOCK
         LA    R0,L'ABLOCK
         SVC   2
         LTR   R15,R15
         BNZ   ATAPEEND
         LA    R6,1(,R6)
         LR    R7,R0
         LA    R1,ALINE             print it with "A: " before it
         LA    R0,ABLOCK-ALINE(,R7)
         SVC   1
         B     AREAD
ATAPEEND CH    R15,=H'4'
         LA    R1,ANOTAPE
         LA    R0,L'ANOTAPE
         BNE   ATAPEMSG             LA has not changed what CH found
         CVD   R6,AWORK
         ED    ABLOCKS,AWORK+6
         LA    R1,AENDMSG
         LA    R0,L'AENDMSG
ATAPEMSG SVC   1
*
         MVI   ATURN,1              task B may go on
         L     R8,=A(BTURN)
AWAIT1   SVC   3                    let it have the processor
         CLI   0(R8),1              has it printed its line?
         BNE   AWAIT1
         LA    R1,ABACK             it never gives the processor up
         LA    R0,L'ABACK
         SVC   1
         MVI   ATURN,2
AWAIT2   SVC   3
         CLI   0(R8),2              has it tried to store here?
         BNE   AWAIT2
         CLC   AWORD,=F'370'
         BNE   ALOST
         LA    R1,ASAFE
         LA    R0,L'ASAFE
         SVC   1
         SSM   AMASK                privileged: that is the end of us
ALOST    SVC   4
*
AWORK    DS    D
AWORD    DC    F'370'
ATURN    DC    X'00'
AMASK    DC    X'00'
ASUMMSG  DS    0CL29
         DC    C'A: 1 + 2 + ... + 100 ='
ASUM     DC    X'4020206B202120'    pattern for ED: five digits
AENDMSG  DS    0CL31
         DC    C'A: END OF THE TAPE, BLOCKS:'
ABLOCKS  DC    X'40202120'
ANOTAPE  DC    C'A: THERE IS NO TAPE TO READ'
ABACK    DC    C'A: BACK, BECAUSE THE TIMER INTERRUPTED TASK B'
ASAFE    DC    C'A: MY STORAGE IS AS IT WAS. NOW I SET THE SYSTEM MASK'
         LTORG
ALINE    DC    C'A: '
ABLOCK   DS    CL120
         DROP  R12
***********************************************************************
*  Task B looks for primes, and stores where it may not.  It waits by
*  looking again and again: only the timer takes the processor from it.
*
         ORG   KERNEL+X'2000'
TASKB    BALR  R12,0
         USING *,R12
         L     R8,=A(ATURN)
BWAIT1   CLI   0(R8),1
         BNE   BWAIT1
         LA    R7,BPRIMES           where the next prime goes
         LA    R4,2                 is this one?
BNUMBER  LA    R5,2
BDIVIDE  CR    R5,R4
         BE    BPRIME               no smaller number divides it
         SR    R2,R2
         LR    R3,R4
         DR    R2,R5
         LTR   R2,R2
         BZ    BNEXT                nothing is left: no prime
         LA    R5,1(,R5)
         B     BDIVIDE
BPRIME   CVD   R4,BWORK
         MVC   0(L'BPATTERN,R7),BPATTERN
         ED    0(L'BPATTERN,R7),BWORK+6
         LA    R7,L'BPATTERN(,R7)
BNEXT    LA    R4,1(,R4)
         CH    R4,=H'50'
         BL    BNUMBER
         LA    R1,BPRIMSG
         LA    R0,L'BPRIMSG
         SVC   1
*
         MVI   BTURN,1
BWAIT2   CLI   0(R8),2
         BNE   BWAIT2
         L     R3,=A(AWORD)
         ST    R3,0(,R3)            task A's storage has another key
         SR    R0,R0                so the machine never comes here,
BERROR   CVD   R0,BWORK             but, by the kernel, here
         UNPK  BCODE,BWORK+6(2)
         OI    BCODE+3,X'F0'        the sign becomes a zone
         LA    R1,BERRMSG
         LA    R0,L'BERRMSG
         SVC   1
         MVI   BTURN,2
         SVC   4
*
BWORK    DS    D
BTURN    DC    X'00'
BPATTERN DC    X'40202120'          pattern for ED: three digits
BPRIMSG  DS    0CL79
         DC    C'B: PRIMES BELOW 50:'
BPRIMES  DC    15C'    '
BERRMSG  DS    0CL50
         DC    C'B: I STORED INTO TASK A, PROGRAM INTERRUPTION '
BCODE    DS    CL4
         LTORG
         END   START
