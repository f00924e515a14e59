***********************************************************************
*  CPU360: what only a System/360 has, by GA22-6821: aligned operands,
*  the ASCII bit, and none of the instructions of System/370.
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
         B     SIGNS
EXEX     EX    0,EXEX
SIGNS    EQU   *
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
         B     DONE
WORDS    DC    2D'0'
NUMBER   DC    X'123D'
UNPACKED DC    XL3'00'
X012A    DC    X'012A'
X246B    DC    X'246B'
X5051A2  DC    X'5051A2'
ASCIIPSW DC    D'0'
         ORG   ASCIIPSW
         DC    X'00080000',A(ASCII)
KEY1PSW  DC    X'00000000',A(ASCIIEND)
         LTORG
         END   MONITOR
