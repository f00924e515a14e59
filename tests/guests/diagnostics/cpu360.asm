***********************************************************************
*  CPU360: a System/360 with 128K, as GA22-6821 has it.
***********************************************************************
*        instructions that came with System/370: operation exception
         BAL   R14,EXPECT           MVCL
         DC    AL2(1,1),X'4000',X'0E24'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           CLCL
         DC    AL2(2,1),X'4000',X'0F24'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           MC
         DC    AL2(3,1),X'8000',X'AF010000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           SIGP
         DC    AL2(4,1),X'8000',X'AE020000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           STNSM
         DC    AL2(5,1),X'8000',X'AC000000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           STOSM
         DC    AL2(6,1),X'8000',X'AD000000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           LRA
         DC    AL2(7,1),X'8000',X'B1000000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           PTLB
         DC    AL2(8,1),X'8000',X'B20D0000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           STCK
         DC    AL2(9,1),X'8000',X'B2050000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           LCTL
         DC    AL2(10,1),X'8000',X'B7000000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           STCTL
         DC    AL2(11,1),X'8000',X'B6000000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           CS
         DC    AL2(12,1),X'8000',X'BA020000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           CDS
         DC    AL2(13,1),X'8000',X'BB020000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           CLM
         DC    AL2(14,1),X'8000',X'BD010000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           STCM
         DC    AL2(15,1),X'8000',X'BE010000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           ICM
         DC    AL2(16,1),X'8000',X'BF010000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           SRP
         DC    AL2(17,1),X'C000',X'F00000000000'
         BAL   R14,TAKEN
         BAL   R14,EXPECT           MVCIN
         DC    AL2(18,1),X'C000',X'E80000000000'
         BAL   R14,TAKEN
*        integral boundaries: specification exception
         BAL   R14,EXPECT
         DC    AL2(30,6),X'8000'
         L     R1,WORDS+2
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(31,6),X'8000'
         LH    R1,WORDS+1
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(32,6),X'8000'
         STM   R1,R2,WORDS+1
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(33,6),X'8000'
         CVD   R1,WORDS+4
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(34,6),X'8000'
         LD    0,WORDS+4
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(35,6),X'8000'
         LPSW  WORDS+4
         BAL   R14,TAKEN
         BAL   R14,EXPECT           an odd register of a pair
         DC    AL2(36,6),X'4000'
         MR    R1,R2
         BAL   R14,TAKEN
         BAL   R14,EXPECT
         DC    AL2(37,6),X'8000'
         SLDL  R1,1
         BAL   R14,TAKEN
         BAL   R14,EXPECT           no such floating-point register
         DC    AL2(38,6),X'4000'
         LER   1,0
         BAL   R14,TAKEN
         BAL   R14,EXPECT           EXECUTE of an odd address
         DC    AL2(39,6),X'8000'
         EX    0,WORDS+1
         BAL   R14,TAKEN
         BAL   R14,EXPECT           EXECUTE of EXECUTE
         DC    AL2(40,3),X'8000'
         EX    0,EXEX
         BAL   R14,TAKEN
         B     KEYS
EXEX     EX    0,EXEX
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
*        the ASCII bit: signs 1010 and 1011, zone 0101
         LPSW  ASCIIPSW
ASCII    LA    R1,12
         CVD   R1,WORDS
         AP    NUMBER,NUMBER
         UNPK  UNPACKED,WORDS+6(2)
         SPM   R0
         LPSW  KEY1PSW
ASCIIEND BAL   R14,SAME
         DC    AL2(90,2),AL4(WORDS+6),AL4(X012A)
         BAL   R14,SAME
         DC    AL2(91,2),AL4(NUMBER),AL4(X246B)
         BAL   R14,SAME
         DC    AL2(92,3),AL4(UNPACKED),AL4(X5051A2)
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
BEYOND   DC    X'00020000'
MOST     DC    X'7FFFFFFF'
PACKED   DC    X'9C'
ZONED    DC    X'F1F2'
NUMBER   DC    X'123D'
UNPACKED DC    XL3'00'
X6A      DC    X'6A'
X012A    DC    X'012A'
X246B    DC    X'246B'
X5051A2  DC    X'5051A2'
ASUPER   DC    A(SUPER)
ASVCINT  DC    A(SVCINT)
KEY2PSW  DC    D'0'
         ORG   KEY2PSW
         DC    X'00200000',A(KEY2)
KEY0PSW  DC    X'00000000',A(KEY0)
KEY1PSW  DC    X'00000000',A(ASCIIEND)
PROBLEM  DC    X'00010000',A(PROBLEMS)
ASCIIPSW DC    X'00080000',A(ASCII)
EXTWAIT  DC    X'0102000000000064'
         LTORG
         ORG   MONITOR+X'2000'
KEYED    DC    8X'00'
         END   MONITOR
