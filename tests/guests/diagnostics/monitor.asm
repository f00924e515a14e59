***********************************************************************
*  MONITOR of the diagnostics: what their checks have in common.
*
*  A diagnostic is this source with the checks behind it.  They begin
*  at CHECKS and end with  B  DONE.  All of it is System/360 code.
*
*  The end is a disabled wait.  Its address is 0 if all was as the
*  manuals say, else the number of the check that failed.  FAILED then
*  holds
*     0-1  number    2  what differed:  C  condition code
*     4-11 CSW                          W  channel status word
*          as it is now                 A  address of the interruption
*                                       T  no interruption came
*                                       I  one that was not expected
*                                       D  data
*                                       P  program interruption
*
*  A check is a call with its parameters behind it:
*
*  START a channel program, and take its interruptions one by one
*           BAL   R14,STARTIO
*           DC    AL2(number,device),AL1(cc,interruptions)
*           DC    AL2(status for cc 1),AL4(first CCW)
*           DC    AL4(CCW address),AL2(status,count)  of each
*                 a CCW address of STATUS: the status only; a count
*                 of ANY: unpredictable
*           After the last one TEST I/O has to find nothing.
*  BEGIN    the same without interruptions and without TEST I/O.
*  TAKE     the next interruption
*           DC    AL2(number,device),AL4(CCW address),AL2(status,count)
*  INSTR    one I/O instruction
*           DC    AL2(number,device),AL1(op code,cc),AL2(status for 1)
*  SAME     two fields must be the same
*           DC    AL2(number,length),AL4(one),AL4(other)
*  PENDING  no interruption may be pending
*           DC    AL2(number)
*  EXPECT   the instruction behind it must end in an interruption
*           DC    AL2(number,code),AL1(length code),AL1(0)
*  TAKEN    and has
*  FAULT    ends with the number
*           DC    AL2(number)
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
R10      EQU   10
R11      EQU   11
R12      EQU   12
R13      EQU   13
R14      EQU   14
R15      EQU   15
EXTOLD   EQU   X'18'
SVCOLD   EQU   X'20'
PGMOLD   EQU   X'28'
IOOLD    EQU   X'38'
CSW      EQU   X'40'
CAW      EQU   X'48'
TIMER    EQU   X'50'
SECOND   EQU   300*256              units of the interval timer
SIO      EQU   X'9C'
TIO      EQU   X'9D'
HIO      EQU   X'9E'
TCH      EQU   X'9F'
CE       EQU   X'0800'              status
DE       EQU   X'0400'
CEDE     EQU   X'0C00'
UC       EQU   X'0200'
UX       EQU   X'0100'
ATTN     EQU   X'8000'
BUSY     EQU   X'1000'
CUE      EQU   X'2000'
PCI      EQU   X'0080'
IL       EQU   X'0040'
PGMCK    EQU   X'0020'
PROTCK   EQU   X'0010'
STATUS   EQU   X'FFFFFFFF'
ANY      EQU   X'FFFF'
*
LOW      START X'58'
         DC    A(0,EXTINT)          new PSWs: external
         DC    A(0,SVCINT)          supervisor call
         DC    A(0,PGMINT)          program
         DC    X'0002000000BADBAD'  machine check
         DC    A(0,IOINT)           input/output
*
         ORG   LOW+X'1000'-X'58'
MONITOR  BALR  R12,0
         BCTR  R12,0
         BCTR  R12,0
         USING MONITOR,R12,R11,R10
         LM    R10,R11,BASES
         MVC   X'58'(40),NEWPSWS    the loader has its own I/O PSW
         MVC   TIMER(4),LONG        it may have run out: let it say so
         MVI   AWAITED,2
         LA    R2,CHECKS
         SSM   EXTMASK
         SSM   NOMASK
         B     CHECKS
BASES    DC    A(MONITOR+X'2000',MONITOR+X'1000')
NEWPSWS  DC    A(0,EXTINT,0,SVCINT,0,PGMINT)
         DC    X'0002000000BADBAD'
         DC    A(0,IOINT)
*
*        the ends
*
DONE     LPSW  GOOD
FAULT    MVC   FAILED(2),0(R14)
         MVI   FAILED+2,C'D'
FAIL     SSM   NOMASK
         MVC   FAILED+4(8),CSW
         MVC   BAD+6(2),FAILED
         LPSW  BAD
GOOD     DC    D'0'
         ORG   GOOD
         DC    X'0002000000000000'
BAD      DC    X'0002000000000000'
         ORG   MONITOR+X'100'
FAILED   DC    XL12'00'
NOMASK   DC    X'00'
ALLMASK  DC    X'FE'
EXTMASK  DC    X'01'
*
*        input and output
*
STARTIO  MVI   CHAINED,1
         B     START
BEGIN    MVI   CHAINED,0
START    MVC   ROW(12),0(R14)
         LA    R14,12(R14)
         MVC   FAILED(2),ROW
         MVC   CAW(4),ROW+8
         MVC   CSW(8),ONES
         LH    R1,ROW+2
         SIO   0(R1)
         BAL   R2,CCIS
         CLI   ROW+4,1
         BNE   STARTED
         CLC   CSW(4),ONES          only the status is stored
         BNE   BADCSW
         CLC   CSW+6(2),ONES
         BNE   BADCSW
         CLC   CSW+4(2),ROW+6
         BNE   BADCSW
STARTED  CLI   CHAINED,0
         BCR   8,R14
         SR    R3,R3
         IC    R3,ROW+5
         LTR   R3,R3
         BZ    QUIET
NEXTINT  MVC   WANTED(8),0(R14)
         LA    R14,8(R14)
         BAL   R2,AWAIT
         BCT   R3,NEXTINT
QUIET    MVI   ROW+4,0
         LH    R1,ROW+2
         TIO   0(R1)
         BAL   R2,CCIS
         BR    R14
*
TAKE     MVC   ROW(4),0(R14)
         MVC   WANTED(8),4(R14)
         MVC   FAILED(2),ROW
         LA    R14,12(R14)
         LR    R2,R14
*
AWAIT    MVC   WAITPSW+6(2),ROW     the wait shows the number as well
         MVC   CSW(8),ONES
         MVI   AWAITED,1
         MVC   TIMER(4),LONG
         LPSW  WAITPSW
IOINT    CLI   AWAITED,1
         BNE   UNWANTED
         MVI   AWAITED,0
         MVI   FAILED+2,C'A'
         CLC   IOOLD+2(2),ROW+2
         BNE   FAIL
         CLC   CSW+4(2),WANTED+4
         BNE   BADCSW
         CLC   WANTED(4),ONES
         BCR   8,R2
         CLC   CSW(4),WANTED
         BNE   BADCSW
         CLC   WANTED+6(2),ONES
         BCR   8,R2
         CLC   CSW+6(2),WANTED+6
         BCR   8,R2
BADCSW   MVI   FAILED+2,C'W'
         B     FAIL
UNWANTED MVI   FAILED+2,C'I'
         B     FAIL
EXTINT   MVI   FAILED+2,C'T'
         CLI   AWAITED,2
         BNE   FAIL
         MVI   AWAITED,0
         BR    R2
*
CCIS     BALR  R4,0                 condition code, to R2
         SRL   R4,28
         N     R4,THREE
         SR    R5,R5
         IC    R5,ROW+4
         CR    R4,R5
         BCR   8,R2
         MVI   FAILED+2,C'C'
         B     FAIL
*
INSTR    MVC   ROW(8),0(R14)
         LA    R14,8(R14)
         MVC   FAILED(2),ROW
         IC    R3,ROW+4
         STC   R3,OPERATE
         IC    R3,ROW+5
         STC   R3,ROW+4
         MVC   CSW(8),ONES
         LH    R1,ROW+2
OPERATE  TIO   0(R1)
         BAL   R2,CCIS
         CLI   ROW+4,1
         BCR   7,R14
         CLC   CSW+4(2),ROW+6
         BCR   8,R14
         B     BADCSW
*
PENDING  MVC   FAILED(2),0(R14)
         SSM   ALLMASK              IOINT does not expect any
         NOP   0
         SSM   NOMASK
         B     2(R14)
*
*        data
*
SAME     MVC   ROW(12),0(R14)
         MVC   FAILED(2),ROW
         LH    R3,ROW+2
         BCTR  R3,0
         L     R4,ROW+4
         L     R5,ROW+8
         EX    R3,COMPARE
         BE    12(R14)
         MVI   FAILED+2,C'D'
         B     FAIL
COMPARE  CLC   0(0,R4),0(R5)
*
*        program interruptions
*
EXPECT   MVC   EXPECTED(6),0(R14)
         MVC   FAILED(2),0(R14)
         MVI   AWAITED,3
         B     6(R14)
PGMINT   MVC   PGMCODE(2),PGMOLD+2
         CLI   AWAITED,3
         BNE   BADPGM
         MVI   AWAITED,0
         CLC   PGMCODE,EXPECTED+2
         BNE   BADPGM
         MVC   LENGTH,PGMOLD+4
         NI    LENGTH,X'C0'
         CLC   LENGTH,EXPECTED+4
         BNE   BADPGM
         LPSW  PGMOLD
SVCINT   EQU   *
BADPGM   MVI   FAILED+2,C'P'
         B     FAIL
TAKEN    CLI   AWAITED,0
         BCR   8,R14
         B     BADPGM
*
THREE    DC    F'3'
ONES     DC    8X'FF'
LONG     DC    A(2*SECOND)
WAITPSW  DC    D'0'
         ORG   WAITPSW
         DC    X'FF02000000000000'
ROW      DC    3F'0'
WANTED   DC    2F'0'
EXPECTED DC    XL6'00'
PGMCODE  DC    H'0'
CHAINED  DC    X'00'
AWAITED  DC    X'00'
LENGTH   DC    X'00'
         ORG   MONITOR+X'400'
CHECKS   EQU   *
