***********************************************************************
*  TWOSPACE: an operating system with virtual storage of its own.
*
*  It runs in EC mode and translates addresses by its own segment and
*  page tables: two address spaces, and one task in each.  Segment 0 of
*  both is real storage as it stands; from X'100000' on each has pages
*  of its own, which come from a backing copy when they are referred to
*  and go back to it when their frame is needed for another page.
*
*  All is done four times, once in each format of the tables: pages of
*  4K or 2K, segments of 64K or 1M.
*
*  Storage   0000-01FF   assigned locations
*            0200-0FFF   nucleus: interruptions, pager, console, data
*            1000-1FFF   the checks
*            2000-2FFF   the formats; the task that runs in each space
*            3000-31FF   segment and page tables
*            4000-7FFF   frames for pages
*            8000-FFFF   backing copies: 4K for each of 8 pages
*
*  It ends in a disabled wait whose address tells why:
*            00C0DE      all is as the architecture says
*            00BAnn      check nn: not so
*            00DEnn      program interruption after check nn
*            00EE00      machine check, or the console is not usable
*
*  EC-mode PSW: byte 0 is 04 DAT on, 02 I/O, 01 external; byte 1 has
*  the key, then 8 EC mode, 4 machine check, 2 wait, 1 problem state.
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
R9       EQU   9
R10      EQU   10                   the current task's TCB
R11      EQU   11                   the current format
R12      EQU   12                   base register of the checks
R13      EQU   13                   size of a page
R14      EQU   14                   return address
R15      EQU   15
*
DAT      EQU   X'04'                system mask in EC mode
PROBLEM  EQU   X'01'                PSW, second byte
EQUAL    EQU   X'80'                condition codes as a mask of BC
CC0      EQU   X'80'
CC1      EQU   X'40'
CC2      EQU   X'20'
CC3      EQU   X'10'
PRIVOP   EQU   X'02'                program interruption codes
PROTECT  EQU   X'04'
SEGMENT  EQU   X'10'
PAGE     EQU   X'11'
TRANSPEC EQU   X'12'
PAGES    EQU   4                    pages of a task
ROUNDS   EQU   3
*
TWOSPACE START 0
         USING TWOSPACE,0
         ORG   TWOSPACE+X'20'
SVCOPSW  DS    D
PGMOPSW  DS    D
         DS    D
IOOPSW   DS    D
CSW      DS    D
CAW      DS    F
         ORG   TWOSPACE+X'58'
NEWPSWS  DS    5D
         ORG   TWOSPACE+X'8A'       in EC mode the codes are not in the
SVCCODE  DS    H                    old PSW but here
         DS    X
PGMILC   DS    X
PGMCODE  DS    H
TRANSADR DS    F                    address that was not translated
         ORG   TWOSPACE+X'BA'
IODEVICE DS    H
***********************************************************************
*  The beginning: the loader comes here in BC mode.
*
         ORG   TWOSPACE+X'200'
START    MVC   NEWPSWS(40),HANDLERS
         L     R12,=A(CHECKS)
         LPSW  ECMODE
HANDLERS DS    0D
         DC    X'000A000000EE00EE'  external: not enabled
         DC    X'00080000',A(SVCINT)   EC mode, DAT off, disabled
         DC    X'00080000',A(PGMINT)
         DC    X'000A00000000EE00'  machine check: wait
         DC    X'00080000',A(IOINT)
ECMODE   DC    X'00080000',A(CHECKS)
***********************************************************************
*  Checks.  CCIS looks at the condition code, EXPECT announces a
*  program interruption, TAKEN looks whether it came.
*
CCIS     MVC   CHECK,0(R14)         MVC leaves the condition code
         IC    R15,1(,R14)
         EX    R15,GOOD
FAIL     MVC   BADWAIT+7(1),CHECK
         LPSW  BADWAIT
GOOD     BC    0,2(R14)             EX gives it the mask
*
EXPECT   MVC   CHECK,0(R14)
         MVC   WANTED,1(R14)
         XC    GOON,GOON
         B     2(R14)
TAKEN    CLI   WANTED,0
         BER   R14
         B     FAIL
***********************************************************************
*  Program interruption.  One that was announced ends the instruction:
*  the next one is executed; or, with DAT off, what GOON points at.  A
*  page exception is the pager's when PAGING says so.
*
PGMINT   STM   R0,R15,PGMGRS
         CLI   PGMCODE+1,PAGE
         BNE   PGMMINE
         CLI   PAGING,0
         BNE   PAGEIN
PGMMINE  CLC   WANTED,PGMCODE+1
         BNE   SURPRISE
         CLI   WANTED,0
         BE    SURPRISE
         MVI   WANTED,0
         MVC   FAULTADR,TRANSADR
         L     R1,GOON
         LTR   R1,R1
         BNZ   PGMGOON
         L     R1,PGMOPSW+4
         TM    PGMCODE+1,X'10'      segment and page exceptions nullify
         BZ    PGMBACK              the instruction: its address is in
         CLI   PGMCODE+1,TRANSPEC   the PSW.  The others suppress it:
         BE    PGMBACK              the next one's address is there
         SR    R2,R2
         IC    R2,PGMILC            bits 5-6: halfwords; so it is bytes
         AR    R1,R2
         B     PGMBACK
PGMGOON  NI    PGMOPSW,X'FF'-DAT
PGMBACK  ST    R1,PGMOPSW+4
         LM    R0,R15,PGMGRS
         LPSW  PGMOPSW
SURPRISE MVC   DEADWAIT+7(1),CHECK
         LPSW  DEADWAIT
***********************************************************************
*  The pager.  It takes the frames in turn.  If the page that is in a
*  frame has been changed, as its storage keys tell, it goes back to
*  its backing copy.  That its entry is invalid now, the CPU may not
*  notice before PTLB; that one has become valid, it notices at once.
*
PAGEIN   L     R10,CURRENT
         L     R11,THISFORM
         L     R13,FPAGESZ-FORMAT(,R11)
         L     R3,TRANSADR
         S     R3,=A(PRIVATE)
         BM    SURPRISE
         SR    R2,R2
         DR    R2,R13               R3 number of the page
         CH    R3,=AL2(PAGES)
         BNL   SURPRISE
         LR    R4,R3
         AR    R4,R4
         A     R4,TCBPAGES-TCB(,R10)   R4 its page-table entry
         SLL   R3,12
         A     R3,TCBCOPY-TCB(,R10)    R3 its backing copy
*
         L     R5,NEXTFRM           the next frame
         LA    R5,1(,R5)
         C     R5,FRAMES
         BL    FRAMEIS
         SR    R5,R5
FRAMEIS  ST    R5,NEXTFRM
         LR    R6,R5
         SLL   R6,3
         LA    R6,OWNERS(R6)        R6 who has it
         SLL   R5,12
         A     R5,=A(POOL)          R5 its address
         L     R7,0(,R6)
         LTR   R7,R7
         BZ    FRAMEOUT             nobody
         MVC   0(2,R7),FINVALID-FORMAT(R11)
         PTLB
         LR    R8,R5
         BAL   R14,KEYOF
         TM    KEY+3,X'02'          changed?
         BO    WRITEOUT
         CR    R13,R9               pages of 2K have one key,
         BE    FRAMEOUT
         AR    R8,R9                those of 4K have two
         BAL   R14,KEYOF
         TM    KEY+3,X'02'
         BZ    FRAMEOUT
WRITEOUT L     R8,4(,R6)            to the backing copy
         LR    R9,R13
         LR    R14,R5
         LR    R15,R13
         MVCL  R8,R14
         L     R1,WRITTEN
         LA    R1,1(,R1)
         ST    R1,WRITTEN
*
FRAMEOUT STM   R3,R4,OWNER          entry and copy of the new owner
         MVC   0(4,R6),OWNER+4
         MVC   4(4,R6),OWNER
         LR    R8,R5
         LR    R9,R13
         LR    R2,R3
         LR    R3,R13
         MVCL  R8,R2
         LA    R1,X'10'             key 1, not referred to, not changed
         SSK   R1,R5
         LR    R8,R5
         AH    R8,=H'2048'
         CH    R13,=H'2048'
         BE    FRAMEIN
         SSK   R1,R8
FRAMEIN  SRL   R5,8                 12 or 13 bits of frame number
         STH   R5,0(,R4)
         L     R1,FAULTS
         LA    R1,1(,R1)
         ST    R1,FAULTS
         LM    R0,R15,PGMGRS
         LPSW  PGMOPSW              the same instruction again
*
KEYOF    LH    R9,=H'2048'
         ISK   R1,R8
         ST    R1,KEY
         BR    R14
***********************************************************************
*  Supervisor call.  0: back to the supervisor state, from a check.
*  A task: 1 gives up the processor, 2 ends with its sum in R9.
*
SVCINT   CLI   SVCCODE+1,0
         BNE   TASKSVC
         NI    SVCOPSW+1,X'FF'-PROBLEM
         LPSW  SVCOPSW
         USING TCB,R10
TASKSVC  STM   R0,R15,PGMGRS
         L     R10,CURRENT
         MVC   TCBGRS,PGMGRS
         MVC   TCBPSW,SVCOPSW
         CLI   SVCCODE+1,2
         BNE   SWITCH
         MVI   TCBENDED,1
SWITCH   L     R10,TCBNEXT
         CLI   TCBENDED,0
         BE    DISPATCH
         L     R10,TCBNEXT
         CLI   TCBENDED,0
         BE    DISPATCH
         L     R14,TASKSOUT         both have ended
         BR    R14
DISPATCH ST    R10,CURRENT
         LCTL  1,1,TCBCR1           the other address space
         MVC   RUNPSW,TCBPSW
         LM    R0,R15,TCBGRS
         LPSW  RUNPSW
         DROP  R10
***********************************************************************
*  No page is in a frame.
*
EMPTY    L     R2,=A(PAGESA)
         LA    R3,64
EMPTYPG  MVC   0(2,R2),FINVALID-FORMAT(R11)
         LA    R2,2(,R2)
         BCT   R3,EMPTYPG
         XC    OWNERS(32),OWNERS
         MVC   NEXTFRM,=F'99'       the next one is the first
         PTLB
         BR    R8
***********************************************************************
*  Write R0 characters from R1 on the console.  DAT is off.
*
SAY      ST    R1,LINECCW
         MVI   LINECCW,X'09'
         STH   R0,LINECCW+6
         MVC   CAW,=A(LINECCW)
SAYIT    SIO   X'009'
         BC    8,SAYWAIT
         BC    2,SAYIT
         BC    1,NOSAY
         TM    CSW+4,X'10'          busy with what went before?
         BO    SAYIT
NOSAY    LPSW  MCKWAIT
SAYWAIT  LPSW  IOWAIT
IOINT    CLC   IODEVICE,=X'0009'
         BNE   SAYWAIT
         TM    CSW+4,X'02'          unit check
         BO    NOSAY
         TM    CSW+4,X'04'          device end
         BZ    SAYWAIT
         BR    R14
***********************************************************************
*  The nucleus' data
*
PGMGRS   DS    16F
KERNGRS  DS    16F
RUNPSW   DS    D
LINECCW  CCW   X'09',0,X'20',0
IOWAIT   DC    X'020A000000000000'  wait, enabled for I/O
MCKWAIT  DC    X'000A00000000EE00'  wait, disabled
BADWAIT  DC    X'000A00000000BA00'
DEADWAIT DC    X'000A00000000DE00'
ENDWAIT  DC    X'000A00000000C0DE'
PROBPSW  DC    X'00090000',A(0)     problem state, DAT off
DATPSW   DC    X'04080000',A(0)     DAT on
NODATPSW DC    X'00080000',A(0)     DAT off
WORK     DS    D
GOON     DC    F'0'
FAULTADR DS    F
TASKSOUT DS    A
CURRENT  DC    A(TCBA)
THISFORM DS    A
FRAMES   DC    F'3'                 that the pager has
NEXTFRM  DS    F                    it took this one last
OWNERS   DS    4D                   page-table entry, backing copy
OWNER    DS    2F
KEY      DS    F
FAULTS   DS    F
WRITTEN  DS    F
CR0      DS    F
CR1      DS    F
CR0BAD   DC    X'00F80000'          no format at all
WORDS    DS    2F
CHECK    DC    X'00'
WANTED   DC    X'00'
PAGING   DC    X'00'                1: page exceptions are the pager's
OLDMASK  DS    X
DATMASK  DC    AL1(DAT)
NOMASK   DC    X'00'
         LTORG
*
*        A task's control block
*
         DS    0D
TCBA     DC    A(TCBB,PAGESA,COPYA,SEGSA),F'0',XL8'00',16F'0'
TCBB     DC    A(TCBA,PAGESB,COPYB,SEGSB),F'0',XL8'00',16F'0'
*
*        The formats.  The length of a page table is in sixteenths of
*        the longest one, less one.
*
FORMATS  DS    0D
F4K64K   DC    X'00800000',F'4096'  CR0; size of a page
         DC    X'01',AL3(0)         CR1: 32 segment-table entries
         DC    X'F0',AL3(PAGES0)    segment 0: 16 pages, all of it
         DC    H'64',X'0008'        segment 16 is ours; invalid page
         DC    X'30',AL3(0)         page table of 4 entries
         DC    X'00120000',F'72'    no such segment, and its entry
         DC    X'00111000'          beyond a page table
         DC    X'00200000'          beyond the segment table
         DC    CL24'4K PAGES, 64K SEGMENTS'
F4K1M    DC    X'00900000',F'4096'
         DC    X'00',AL3(0)         16 entries are 16M
         DC    X'00',AL3(PAGES0)    a sixteenth
         DC    H'4',X'0008'
         DC    X'00',AL3(0)         16 entries
         DC    X'00200000',F'8'
         DC    X'00110000'
         DC    F'0'
         DC    CL24'4K PAGES,  1M SEGMENTS'
F2K64K   DC    X'00400000',F'2048'
         DC    X'01',AL3(0)
         DC    X'F0',AL3(PAGES0)
         DC    H'64',X'0004'
         DC    X'10',AL3(0)
         DC    X'00120000',F'72'
         DC    X'00111000'
         DC    X'00200000'
         DC    CL24'2K PAGES, 64K SEGMENTS'
F2K1M    DC    X'00500000',F'2048'
         DC    X'00',AL3(0)
         DC    X'00',AL3(PAGES0)
         DC    H'4',X'0004'
         DC    X'00',AL3(0)
         DC    X'00200000',F'8'
         DC    X'00110000'
         DC    F'0'
         DC    CL24'2K PAGES,  1M SEGMENTS'
FORMATSZ EQU   F4K1M-F4K64K
*
FORMAT   DSECT
FCR0     DS    F
FPAGESZ  DS    F
FCR1     DS    F
FSEG0    DS    F
FOURSEG  DS    H
FINVALID DS    H
FPAGELEN DS    F
FNOSEG   DS    F
FNOSEGAT DS    F
FNOPAGE  DS    F
FTOOFAR  DS    F
FNAME    DS    CL22
*
TCB      DSECT
TCBNEXT  DS    A                    the other task
TCBPAGES DS    A                    page table
TCBCOPY  DS    A                    backing copies of its pages
TCBCR1   DS    A                    segment table
TCBENDED DS    X
         DS    XL3
TCBPSW   DS    XL8
TCBGRS   DS    XL64
*
*        Where the tables, frames and backing copies are
*
SEGSA    EQU   X'3000'              32 segment-table entries
SEGSB    EQU   X'3080'
PAGES0   EQU   X'3100'              32 page-table entries
PAGESA   EQU   X'3140'
PAGESB   EQU   X'3180'
POOL     EQU   X'4000'
COPYA    EQU   X'8000'
COPYB    EQU   X'C000'
PRIVATE  EQU   X'100000'            virtual: the pages of a task
***********************************************************************
*  The checks
*
TWOSPACE CSECT
         ORG   TWOSPACE+X'1000'
         USING CHECKS,R12
CHECKS   LA    R1,HELLO
         LA    R0,L'HELLO
         BAL   R14,SAY
*
*        An interruption in EC mode
*
         BAL   R14,EXPECT
         DC    AL1(1,1)
         DC    X'0000'              no operation has this code
         BAL   R14,TAKEN
         CLC   PGMILC(3),=X'020001'
         BAL   R14,CCIS
         DC    AL1(2,EQUAL)
         SVC   0
         CLC   SVCCODE,=X'0000'
         BAL   R14,CCIS
         DC    AL1(3,EQUAL)
         CLC   SVCOPSW(2),=X'0008'
         BAL   R14,CCIS
         DC    AL1(4,EQUAL)
         LA    R1,ECMSG
         LA    R0,L'ECMSG
         BAL   R14,SAY
*
         LA    R11,FORMATS
         USING FORMAT,R11
EACH     L     R13,FPAGESZ
         LA    R1,FNAME
         LA    R0,L'FNAME
         BAL   R14,SAY
         L     R15,=A(BUILD)
         BALR  R9,R15
         BAL   R9,REALADDR
         BAL   R9,ABSENT
         BAL   R9,WRONG
         BAL   R9,ONANDOFF
         BAL   R9,PROTECTS
         BAL   R9,STALE
         L     R15,=A(TASKS)
         BALR  R9,R15
         L     R15,=A(MOVES)
         BALR  R9,R15
         LA    R11,FORMATSZ(,R11)
         L     R1,=A(FORMATS+4*FORMATSZ)
         CR    R11,R1
         BL    EACH
         LPSW  ENDWAIT
***********************************************************************
*  LOAD REAL ADDRESS tells what translation would give.  It needs no
*  DAT, and no valid entry either.
*
REALADDR L     R2,=X'00005678'      storage as it stands
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'11',CC0)
         CR    R3,R2
         BAL   R14,CCIS
         DC    AL1(X'12',EQUAL)
         BAL   R8,FIRSTIN
         L     R2,=A(PRIVATE+X'123')
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'13',CC0)
         C     R3,=A(POOL+X'123')
         BAL   R14,CCIS
         DC    AL1(X'14',EQUAL)
         L     R2,FNOSEG
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'15',CC1)
         L     R4,=A(SEGSA)
         A     R4,FNOSEGAT
         CR    R3,R4                the segment-table entry
         BAL   R14,CCIS
         DC    AL1(X'16',EQUAL)
         L     R2,=A(PRIVATE)
         AR    R2,R13
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'17',CC2)
         C     R3,=A(PAGESA+2)      the page-table entry
         BAL   R14,CCIS
         DC    AL1(X'18',EQUAL)
         L     R2,FNOPAGE
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'19',CC3)
         L     R2,FTOOFAR
         LTR   R2,R2
         BZ    LRASPACE
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'1A',CC3)
*        the same address in the other space
LRASPACE LCTL  1,1,TCBB+TCBCR1-TCB
         L     R2,=A(PRIVATE)
         LRA   R3,0(,R2)
         BAL   R14,CCIS
         DC    AL1(X'1B',CC2)
         C     R3,=A(PAGESB)
         BAL   R14,CCIS
         DC    AL1(X'1C',EQUAL)
         LCTL  1,1,CR1
         LA    R1,LRAMSG
         LA    R0,L'LRAMSG
         BAL   R14,SAY
         BR    R9
*
*        The first page of space A is in the first frame
*
FIRSTIN  L     R5,=A(POOL)
         L     R4,=A(PAGESA)
         LR    R3,R5
         SRL   R3,8
         STH   R3,0(,R4)
         BR    R8
***********************************************************************
*  What is not there: a segment, a page, or the entry itself.
*
ABSENT   SSM   DATMASK
         L     R2,=A(PRIVATE)
         AR    R2,R13               the second page
         LA    R2,8(,R2)
         BAL   R14,EXPECT
         DC    AL1(X'21',PAGE)
         L     R3,0(,R2)
         BAL   R14,TAKEN
         BAL   R8,SAMEPAGE
         LR    R7,R2
         SH    R7,=H'10'            two bytes here, two bytes there
         BAL   R14,EXPECT
         DC    AL1(X'22',PAGE)
         ST    R3,0(,R7)
         BAL   R14,TAKEN
         BAL   R8,SAMEPAGE
         L     R2,FNOSEG
         BAL   R14,EXPECT
         DC    AL1(X'23',SEGMENT)
         MVI   5(R2),0
         BAL   R14,TAKEN
         BAL   R8,SAMEPAGE
         L     R2,FNOPAGE
         BAL   R14,EXPECT
         DC    AL1(X'24',PAGE)
         MVC   WORDS(4),0(R2)
         BAL   R14,TAKEN
         BAL   R8,SAMEPAGE
         L     R2,FTOOFAR
         LTR   R2,R2
         BZ    NOTFETCH
         BAL   R14,EXPECT
         DC    AL1(X'25',SEGMENT)
         STH   R3,0(,R2)
         BAL   R14,TAKEN
         BAL   R8,SAMEPAGE
*        an instruction that is not there
NOTFETCH L     R2,=A(PRIVATE)
         AR    R2,R13
         BAL   R14,EXPECT
         DC    AL1(X'26',PAGE)
         MVC   GOON,=A(NOINSTR)
         BR    R2
NOINSTR  BAL   R14,TAKEN
         BAL   R8,SAMEPAGE
         SSM   NOMASK
         LA    R1,ABSMSG
         LA    R0,L'ABSMSG
         BAL   R14,SAY
         BR    R9
*
*        The translation-exception address is in the page of R2
*
SAMEPAGE L     R4,FAULTADR
         LR    R5,R2
         LCR   R6,R13
         NR    R4,R6
         NR    R5,R6
         CR    R4,R5
         BAL   R14,CCIS
         DC    AL1(X'27',EQUAL)
         BR    R8
***********************************************************************
*  What is there, but is not a table: translation specification.
*
WRONG    L     R2,=A(PRIVATE)
         L     R4,=A(PAGESA)
         AR    R2,R13
         CH    R13,=H'2048'         in entries of 4K pages some models
         BNE   WRONGSEG             have address bits there
         MVC   2(2,R4),0(R4)
         OI    3(R4),X'02'          bit 14 has to be zero
         BAL   R14,EXPECT
         DC    AL1(X'31',TRANSPEC)
         LRA   R3,0(,R2)
         BAL   R14,TAKEN
         SSM   DATMASK
         BAL   R14,EXPECT
         DC    AL1(X'32',TRANSPEC)
         L     R3,0(,R2)
         BAL   R14,TAKEN
         SSM   NOMASK
         MVC   2(2,R4),FINVALID
WRONGSEG L     R2,FNOSEG
         L     R4,=A(SEGSA)
         A     R4,FNOSEGAT
         MVC   0(4,R4),FSEG0
         OI    0(R4),X'01'          bits 4-7 too
         PTLB
         SSM   DATMASK
         BAL   R14,EXPECT
         DC    AL1(X'33',TRANSPEC)
         L     R3,0(,R2)
         BAL   R14,TAKEN
         SSM   NOMASK
         MVC   0(4,R4),=F'1'
         PTLB
         LCTL  0,0,CR0BAD
         BAL   R14,EXPECT
         DC    AL1(X'34',TRANSPEC)
         LRA   R3,0
         BAL   R14,TAKEN
*        with DAT on, not even an instruction can be fetched
         BAL   R14,EXPECT
         DC    AL1(X'35',TRANSPEC)
         MVC   GOON,=A(NOFETCH)
         MVC   DATPSW+4(4),GOON
         LPSW  DATPSW
NOFETCH  BAL   R14,TAKEN
         LCTL  0,0,CR0
         LA    R1,WRONGMSG
         LA    R0,L'WRONGMSG
         BAL   R14,SAY
         BR    R9
***********************************************************************
*  DAT on and off.  The first page holds other bytes than real storage
*  has at this address, of which there is none.
*
ONANDOFF L     R2,=A(PRIVATE)
         L     R5,=A(POOL)
         MVC   0(4,R5),=C'POOL'
         STOSM OLDMASK,DAT
         CLC   0(4,R2),=C'POOL'
         BAL   R14,CCIS
         DC    AL1(X'41',EQUAL)
         CLI   OLDMASK,0
         BAL   R14,CCIS
         DC    AL1(X'42',EQUAL)
         STNSM OLDMASK,X'FF'-DAT
         CLI   OLDMASK,DAT
         BAL   R14,CCIS
         DC    AL1(X'43',EQUAL)
         LA    R3,DATISON
         ST    R3,DATPSW+4
         LPSW  DATPSW
DATISON  MVC   0(4,R2),=C'PAGE'
         LA    R3,DATISOFF
         ST    R3,NODATPSW+4
         LPSW  NODATPSW
DATISOFF CLC   0(4,R5),=C'PAGE'
         BAL   R14,CCIS
         DC    AL1(X'44',EQUAL)
         SSM   DATMASK
         CLC   0(4,R2),0(R5)        both addresses are the page's
         BAL   R14,CCIS
         DC    AL1(X'45',EQUAL)
         SSM   NOMASK
         LA    R1,ONMSG
         LA    R0,L'ONMSG
         BAL   R14,SAY
         BR    R9
***********************************************************************
*  Keys belong to frames, whatever address leads there.  In EC mode ISK
*  shows reference and change too.
*
PROTECTS L     R2,=A(PRIVATE)
         L     R5,=A(POOL)
         LA    R1,X'10'
         SSK   R1,R5
         SSM   DATMASK
         BAL   R14,EXPECT
         DC    AL1(X'51',PROTECT)
         SPKA  X'20'
         ST    R3,0(,R2)
         SPKA  0
         BAL   R14,TAKEN
         SR    R3,R3
         ISK   R3,R5
         N     R3,=X'000000FA'      that it was referred to may be seen
         C     R3,=X'00000010'
         BAL   R14,CCIS
         DC    AL1(X'52',EQUAL)
         SSK   R1,R5
         SPKA  X'20'
         L     R3,0(,R2)            to fetch is allowed
         SPKA  0
         SR    R3,R3
         ISK   R3,R5
         C     R3,=X'00000014'
         BAL   R14,CCIS
         DC    AL1(X'53',EQUAL)
         SPKA  X'10'
         ST    R3,0(,R2)
         SPKA  0
         ISK   R3,R5
         C     R3,=X'00000016'
         BAL   R14,CCIS
         DC    AL1(X'54',EQUAL)
         RRB   0(R5)
         BAL   R14,CCIS
         DC    AL1(X'55',CC3)
         RRB   0(R5)
         BAL   R14,CCIS
         DC    AL1(X'56',CC1)
         IC    R3,0(,R2)
         RRB   0(R5)
         BAL   R14,CCIS
         DC    AL1(X'57',CC3)
         LA    R1,X'18'             protected against fetching
         SSK   R1,R5
         BAL   R14,EXPECT
         DC    AL1(X'58',PROTECT)
         SPKA  X'20'
         L     R3,0(,R2)
         SPKA  0
         BAL   R14,TAKEN
         RRB   0(R5)
*        what a program in the problem state may not do
         LA    R3,PROBLEMS
         ST    R3,PROBPSW+4
         OI    PROBPSW,DAT
         BAL   R14,EXPECT
         DC    AL1(X'59',PRIVOP)
         LPSW  PROBPSW
PROBLEMS LRA   R3,0(,R2)
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL1(X'5A',PRIVOP)
         PTLB
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL1(X'5B',PRIVOP)
         LCTL  1,1,CR1
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL1(X'5C',PRIVOP)
         STNSM OLDMASK,0
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL1(X'5D',PRIVOP)
         RRB   0(R5)
         BAL   R14,TAKEN
         SVC   0
         SSM   NOMASK
         SR    R1,R1
         SSK   R1,R5
         LA    R1,PROTMSG
         LA    R0,L'PROTMSG
         BAL   R14,SAY
         BR    R9
***********************************************************************
*  The CPU may keep what it has translated until PTLB.  So a page that
*  was made invalid may still be there, and one that has another frame
*  may still be in the old one: here either is right.  After PTLB only
*  the tables count.  An entry that becomes valid needs no PTLB.
*
STALE    L     R2,=A(PRIVATE)
         L     R4,=A(PAGESA)
         L     R5,=A(POOL)
         LA    R6,0(R5,R13)         the second frame
         MVC   0(4,R5),=C'OLD '
         MVC   0(4,R6),=C'NEW '
         SSM   DATMASK
         L     R3,0(,R2)            now the CPU may know the page
         MVC   0(2,R4),FINVALID
         MVC   CHECK(2),=AL1(X'61',PAGE)
         MVC   GOON,=A(GONE)
         L     R3,0(,R2)
         MVI   WANTED,0             no exception: the old page
         CL    R3,=CL4'OLD'
         BAL   R14,CCIS
         DC    AL1(X'61',EQUAL)
GONE     SSM   DATMASK
         PTLB
         BAL   R14,EXPECT
         DC    AL1(X'62',PAGE)
         L     R3,0(,R2)
         BAL   R14,TAKEN
         LR    R3,R5
         SRL   R3,8
         STH   R3,0(,R4)            valid again, without PTLB
         CLC   0(4,R2),=C'OLD '
         BAL   R14,CCIS
         DC    AL1(X'63',EQUAL)
         LR    R3,R6
         SRL   R3,8
         STH   R3,0(,R4)            now in the second frame
         L     R3,0(,R2)
         CL    R3,=CL4'NEW'
         BE    NEWFRAME
         CL    R3,=CL4'OLD'
         BAL   R14,CCIS
         DC    AL1(X'64',EQUAL)
NEWFRAME PTLB
         CLC   0(4,R2),=C'NEW '
         BAL   R14,CCIS
         DC    AL1(X'65',EQUAL)
*        the other space has another page there, without PTLB
         L     R4,=A(PAGESB)
         LR    R3,R5
         SRL   R3,8
         STH   R3,0(,R4)
         LCTL  1,1,TCBB+TCBCR1-TCB
         CLC   0(4,R2),=C'OLD '
         BAL   R14,CCIS
         DC    AL1(X'66',EQUAL)
         LCTL  1,1,CR1
         CLC   0(4,R2),=C'NEW '
         BAL   R14,CCIS
         DC    AL1(X'67',EQUAL)
         SSM   NOMASK
         LA    R1,STALEMSG
         LA    R0,L'STALEMSG
         BAL   R14,SAY
         BR    R9
*
HELLO    DC    C'TWOSPACE: AN OPERATING SYSTEM WITH VIRTUAL STORAGE'
ECMSG    DC    C'  EC MODE: CODES ARE STORED, NOT IN THE OLD PSW'
LRAMSG   DC    C'  LRA: CONDITION CODES 0, 1, 2 AND 3'
ABSMSG   DC    C'  SEGMENT AND PAGE EXCEPTIONS TELL THE ADDRESS'
WRONGMSG DC    C'  TABLES THAT ARE NONE: TRANSLATION SPECIFICATION'
ONMSG    DC    C'  STOSM, STNSM, SSM AND LPSW TURN DAT ON AND OFF'
PROTMSG  DC    C'  KEYS, REFERENCE AND CHANGE BITS ARE THE FRAME''S'
STALEMSG DC    C'  AFTER PTLB ONLY THE TABLES COUNT'
         LTORG
         DROP  R12
***********************************************************************
*  Build the tables in the format R11, and load CR0 and CR1.
*
         ORG   TWOSPACE+X'2000'
BUILD    BALR  R15,0
         USING *,R15
         MVC   CR0,FCR0
         LM    R2,R3,BUILTABS       clear them
         SR    R5,R5
         MVCL  R2,R4
         L     R2,=A(SEGSA)         64 invalid segments
         LA    R3,64
         LA    R4,1
BUILDSEG ST    R4,0(,R2)
         LA    R2,4(,R2)
         BCT   R3,BUILDSEG
         L     R2,=A(PAGES0)        pages that are what they are
         SR    R3,R3
BUILDPG0 LR    R4,R3
         SRL   R4,8
         STH   R4,0(,R2)
         LA    R2,2(,R2)
         AR    R3,R13
         C     R3,=F'65536'
         BL    BUILDPG0
         L     R2,=A(PAGESA)        64 invalid pages
         LA    R3,64
BUILDPGS MVC   0(2,R2),FINVALID
         LA    R2,2(,R2)
         BCT   R3,BUILDPGS
*
         LH    R3,FOURSEG           where our segment's entry is
         L     R2,=A(SEGSA)
         MVC   0(4,R2),FSEG0
         MVC   128(4,R2),FSEG0
         AR    R2,R3
         L     R4,=A(PAGESA)
         O     R4,FPAGELEN
         ST    R4,0(,R2)
         L     R4,=A(PAGESB)
         O     R4,FPAGELEN
         ST    R4,128(,R2)
         LR    R3,R2
         LA    R3,4(,R3)            the segment behind it has the same
         L     R4,=A(PAGESA)        page table, but a sixteenth of it
         TM    CR0+1,X'10'          (not if segments are large)
         BO    BUILDCRS
         ST    R4,0(,R3)
*
BUILDCRS DS    0H
         MVC   TCBA+TCBCR1-TCB(1),FCR1
         MVC   TCBB+TCBCR1-TCB(1),FCR1
         MVC   CR1,TCBA+TCBCR1-TCB
         LCTL  0,1,CR0
         PTLB
         BR    R9
BUILTABS DC    A(SEGSA),F'512'
         LTORG
         DROP  R15
***********************************************************************
*  Two tasks, in three frames: what they do not need at once is not in
*  storage.  Each adds to words in its four pages, some across the end
*  of a page, and gives up the processor in between.
*
TASKS    BALR  R15,0
         USING *,R15
         L     R2,=A(COPYA)         all pages are zeros
         L     R3,=F'32768'
         SR    R5,R5
         MVCL  R2,R4
         BAL   R8,EMPTY
         MVC   FRAMES,=F'3'
         XC    FAULTS(8),FAULTS
         MVI   PAGING,1
         STM   R0,R15,KERNGRS
         ST    R11,THISFORM
         LA    R1,TASKSEND
         ST    R1,TASKSOUT
         LA    R10,TCBB
         USING TCB,R10
         LA    R4,2
SETTASK  MVC   TCBPSW,TASKPSW
         MVI   TCBENDED,0
         ST    R4,TCBGRS+4*4        the task's number
         ST    R13,TCBGRS+4*13
         MVC   TCBGRS+4*12(4),TASKPSW+4
         L     R10,TCBNEXT
         BCT   R4,SETTASK
         B     SWITCH               as if B had run until now
TASKSEND BALR  R15,0
         USING *,R15
         LM    R0,R14,KERNGRS
         MVI   PAGING,0
         MVI   CHECK,X'71'
         LA    R10,TCBA
         CLC   TCBGRS+4*9(4),=F'48'
         BNE   TASKBAD
         L     R10,TCBNEXT
         CLC   TCBGRS+4*9(4),=F'96'
         BNE   TASKBAD
         DROP  R10
         LCTL  1,1,CR1
         L     R1,FAULTS
         CVD   R1,WORK
         ED    TASKFLTS,WORK+6
         L     R1,WRITTEN
         CVD   R1,WORK
         ED    TASKWRIT,WORK+6
         LA    R1,TASKMSG
         LA    R0,TASKMSGL
         BAL   R14,SAY
         MVC   TASKFLTS,TASKPATT
         MVC   TASKWRIT,TASKPATT
         BR    R9
TASKBAD  B     FAIL
         DS    0D
TASKPSW  DC    X'04190000',A(TASK)  DAT on, key 1, problem state
TASKMSG  DC    C'  TWO TASKS IN THREE FRAMES: PAGE FAULTS'
TASKFLTS DC    X'40202120'
         DC    C', PAGES WRITTEN BACK'
TASKWRIT DC    X'40202120'
TASKMSGL EQU   *-TASKMSG
TASKPATT DC    X'40202120'
         DROP  R15
*
*        The task: R4 its number, R12 its base, R13 size of a page; R9
*        becomes its sum: in each round, its number times 1 + 2 + 3 + 4
*        for words inside of pages and 1 + 2 + 3 for words across
*
TASK     DS    0H
         USING TASK,R12
         LA    R6,ROUNDS
TROUND   L     R2,=A(PRIVATE)
         LA    R5,1
TPAGE    LR    R1,R4
         MR    R0,R5                number of the task times the page's
         L     R3,8(,R2)
         AR    R3,R1
         ST    R3,8(,R2)
         LR    R7,R2
         AR    R2,R13
         CH    R5,=AL2(PAGES)
         BE    TGIVEUP              the last has no neighbour
         SH    R2,=H'2'
         A     R1,0(,R2)
         ST    R1,0(,R2)            two bytes here, two bytes there
         LA    R2,2(,R2)
TGIVEUP  SVC   1
         LA    R5,1(,R5)
         CH    R5,=AL2(PAGES)
         BNH   TPAGE
         BCT   R6,TROUND
*
         L     R2,=A(PRIVATE)
         SR    R9,R9
         LA    R5,PAGES-1
TSUM     A     R9,8(,R2)
         AR    R2,R13
         SH    R2,=H'2'
         A     R9,0(,R2)
         LA    R2,2(,R2)
         BCT   R5,TSUM
         A     R9,8(,R2)
         SVC   2
         DROP  R12
         LTORG
***********************************************************************
*  Instructions that need several pages at once, in the supervisor
*  state: the pager brings one after the other.
*
MOVES    STM   R8,R15,KERNGRS
         BALR  R12,0
         USING *,R12
         MVC   CURRENT,=A(TCBA)
         MVC   FRAMES,=F'4'
         L     R4,=A(COPYA)
         MVC   2(L'LAST,R4),LAST    a line, in the first page
         BAL   R8,EMPTY
         XC    FAULTS(8),FAULTS
         MVI   PAGING,1
         STOSM OLDMASK,DAT
         L     R2,=A(PRIVATE)
         LR    R4,R2                R2 the third page
         AR    R2,R13
         AR    R2,R13
         LA    R4,2(,R4)
         LA    R2,2(,R2)
         LR    R3,R13
         LR    R5,R13
         MVCL  R2,R4                source and target in two pages each
         L     R3,FAULTS
         CH    R3,=H'4'
         BAL   R14,CCIS
         DC    AL1(X'81',EQUAL)
*        an instruction whose halves are in two pages
         L     R4,=A(COPYA-2)
         AR    R4,R13
         MVC   0(2,R4),ADDTWO
         L     R5,=A(COPYA+4096)    the second page's copy
         MVC   0(4,R5),ADDTWO+2
         BAL   R8,EMPTY
         L     R2,=A(PRIVATE-2)
         AR    R2,R13
         LA    R3,5
         BALR  R14,R2
         CH    R3,=H'7'
         BAL   R14,CCIS
         DC    AL1(X'82',EQUAL)
*        the same one as target of EXECUTE
         BAL   R8,EMPTY
         L     R2,=A(PRIVATE-2)
         AR    R2,R13
         LA    R3,5
         EX    0,0(,R2)
         CH    R3,=H'7'
         BAL   R14,CCIS
         DC    AL1(X'83',EQUAL)
         STNSM OLDMASK,X'FF'-DAT
*        channels use real addresses
         MVI   PAGING,0
         L     R1,=A(PRIVATE+2)
         LRA   R1,0(,R1)
         LA    R0,L'LAST
         BAL   R14,SAY
         LM    R8,R15,KERNGRS
         BR    R9
ADDTWO   LA    R3,2(,R3)
         BR    R14
LAST     DC    C'  THIS LINE WAS WRITTEN FROM A PAGE OF SPACE A'
         LTORG
         END   START
