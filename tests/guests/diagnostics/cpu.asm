***********************************************************************
*  CPU: interruptions, protection, masks and the interval timer, as
*  GA22-6821 and GA22-7000 both have them in BC mode.
***********************************************************************
*        keys: four bits and the one for fetch protection
KEYS     LA    R2,KEYED
         LA    R3,X'37'
         SSK   R3,R2
         LA    R3,X'FF'
         ISK   R3,R2
         ST    R3,WORDS
         BAL   R14,SAME             bits 29-31 are zero
         DC    AL2(50,4),AL4(WORDS),AL4(KEY30)
         SR    R3,R3
         SSK   R3,R2
*        addresses beyond storage
         L     R2,BEYOND
         BAL   R14,EXPECT
         DC    AL2(51,5),X'8000'
         L     R1,0(R2)
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(52,5),X'8000'
         MVI   0(R2),0
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(53,5),X'4000'
         SSK   R3,R2
         BAL   R14,TAKEN
*        protection: storage with key 3, PSW with key 2
         LA    R2,KEYED
         LA    R3,X'30'
         SSK   R3,R2
         LA    R3,X'20'             what is below has the same key
         LA    R4,2048
         LR    R5,R2
MYKEYS   SR    R5,R4
         SSK   R3,R5
         LTR   R5,R5
         BNZ   MYKEYS
         LPSW  KEY2PSW
KEY2     MVC   WORDS(1),0(R2)       to fetch is allowed
         BAL   R14,EXPECT
         DC    AL2(60,4),X'8000'
         MVI   0(R2),X'FF'
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(61,4),X'C000'
         MVC   0(4,R2),WORDS
         BAL   R14,TAKEN
         LPSW  KEY0PSW
KEY0     CLI   0(R2),0
         BE    KEPT
         BAL   R14,FAULT
         DC    AL2(62)
KEPT     SR    R3,R3
         SSK   R3,R2
*        problem state
         LPSW  PROBLEM
PROBLEMS BAL   R14,EXPECT
         DC    AL2(70,2),X'8000'
         SSM   NOMASK
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(71,2),X'8000'
         SIO   X'00C'
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(72,2),X'8000'
         TCH   X'000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(73,2),X'4000'
         SSK   R3,R2
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(74,2),X'4000'
         ISK   R3,R2
         BAL   R14,TAKEN
         BAL   R14,EXPECT           diagnose
         DC    AL2(75,2),X'8000',X'83000000'
         BAL   R14,TAKEN
         MVC   SVCNEW+4(4),ASUPER
         MVC   FAILED(2),=AL2(76)
         SVC   X'A5'
         BAL   R14,FAULT
         DC    AL2(76)
SUPER    MVC   SVCNEW+4(4),ASVCINT
         CLC   SVCOLD+2(2),=X'00A5'
         BE    SUPER1
         BAL   R14,FAULT
         DC    AL2(77)
SUPER1   TM    SVCOLD+4,X'C0'       instruction length 1
         BC    4,SUPER2
         BAL   R14,FAULT
         DC    AL2(78)
SUPER2   TM    SVCOLD+1,X'01'
         BO    SUPER3
         BAL   R14,FAULT
         DC    AL2(79)
*        the program mask
SUPER3   LA    R1,15
         SLL   R1,24
         SPM   R1
         L     R2,MOST
         BAL   R14,EXPECT
         DC    AL2(80,8),X'4000'
         AR    R2,R2
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(81,10),X'C000'
         AP    PACKED,PACKED
         BAL   R14,TAKEN
         SR    R1,R1
         SPM   R1
         L     R2,MOST
         AR    R2,R2
         BO    MASKOFF
         BAL   R14,FAULT
         DC    AL2(82)
MASKOFF  BAL   R14,EXPECT
         DC    AL2(83,9),X'4000'
         DR    R2,R1
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(84,7),X'C000'
         AP    WORDS,ZONED
         BAL   R14,TAKEN
*        link information: instruction length, condition code, mask
         LA    R1,10
         SLL   R1,24
         SPM   R1                   mask 1010, condition code 0
         CLI   *,0                  condition code 2
         BALR  R3,0
         ST    R3,WORDS
         SR    R1,R1
         SPM   R1
         BAL   R14,SAME
         DC    AL2(85,1),AL4(WORDS),AL4(X6A)
*        the interval timer: from 2 it is negative after three steps
         MVI   FAILED+1,100
         MVC   TIMER(4),=F'2'
         MVI   AWAITED,2
         LA    R2,RANOUT
         LPSW  EXTWAIT
RANOUT   CLC   EXTOLD+2(2),=X'0080'
         BE    TIMERNEG
         BAL   R14,FAULT
         DC    AL2(101)
TIMERNEG TM    TIMER,X'80'
         BO    TIMERS
         BAL   R14,FAULT
         DC    AL2(102)
TIMERS   MVC   TIMER(4),=F'100'
         L     R2,=F'3000'
         BCT   R2,*
         L     R1,TIMER
         C     R1,=F'100'
         BL    DONE
         BAL   R14,FAULT
         DC    AL2(103)
SVCNEW   EQU   X'60'
WORDS    DC    2D'0'
KEY30    DC    X'00000030'
BEYOND   DC    X'00FFF000'
MOST     DC    X'7FFFFFFF'
PACKED   DC    X'9C'
ZONED    DC    X'F1F2'
X6A      DC    X'6A'
ASUPER   DC    A(SUPER)
ASVCINT  DC    A(SVCINT)
KEY2PSW  DC    D'0'
         ORG   KEY2PSW
         DC    X'00200000',A(KEY2)
KEY0PSW  DC    X'00000000',A(KEY0)
PROBLEM  DC    X'00010000',A(PROBLEMS)
EXTWAIT  DC    X'0102000000000064'
         LTORG
         ORG   MONITOR+X'2000'
KEYED    DC    8X'00'
         END   MONITOR
