***********************************************************************
*  OBJECT LOADER: loads object modules of any assembler or compiler,
*  joins them, and starts the program.
*
*  IPL reads it, from cards or from a tape of card images, as it reads
*  LOADER.  It then moves itself into the last 8K of storage, of which
*  there must be 16K, and loads what follows from the same device.
*
*  Cards    X'02' in column 1 and the kind in columns 2-4
*   ESD     sections (SD, PC, CM), entry points (LD), references (ER,
*           WX): up to three items of 16 bytes from column 17
*   TXT     6-8 address, 11-12 length, 15-16 ESDID, 17-72 object code
*   RLD     address constants to relocate, 1 to 4 bytes, + or -
*   END     6-8 entry point, 15-16 its ESDID; or its name in 17-24;
*           29-32 length of a section whose ESD item has none
*   SYM     passed over
*   REP     corrections: 7-12 address, 14-16 ESDID, 17-70 halfwords,
*           all in hexadecimal digits, commas between the halfwords
*   SLC     between modules: 7-12 where the next section goes
*   LDT     the last card; 17-24 name of the entry point, or blanks
*
*  Without LDT the program starts when the reader has no more cards, or
*  at a tape mark.
*
*  The first section goes to 1000, each other one to the doubleword
*  boundary behind the one before it.  But a module that is assembled
*  for an address other than 0 goes there, and SLC decides before that.
*
*  The program gets   R15 its entry point   R14 where it may return to
*                     R13 a save area of 18 words   R0, R1 zero
*  It is entered where the first END card with an entry point says;
*  without one, at the first section.
*
*  The loader ends in a disabled wait whose address says why.  It first
*  writes a line on the console, 009 or 01F, if there is one.
*           00E0D0  the program has returned
*           00BAD0  this is not a card of an object deck, or is wrong
*           00BAD2  no card, or not readable, where one has to be
*           00BAD4  storage is too small, or sections overlap
*           00BAD6  program interruption
*           00BAD8  names that no module defines
*           00BADA  a name that two modules define
*           00BADC  no section to enter
*
*  Symbol table: entries of 16 bytes, from the loader downwards
*     0-7   name     8  kind     9-11  address     12-15  length
*  Kinds    80  section       C0  section without a name
*           81  entry point   01  the same until its END card: address
*                                 as assembled, ESDID for a length
*           02  reference     0A  reference that may stay unresolved
*           05  common area, until the end
*           20  an address constant that waits for a definition:
*               0-3 the symbol's entry, 4-7 what to subtract, 12 flags
***********************************************************************
R0       EQU   0
R1       EQU   1                    return address, inner
R2       EQU   2                    device
R3       EQU   3                    address
R4       EQU   4                    length
R5       EQU   5                    ESDID
R6       EQU   6                    on the card
R7       EQU   7                    end of what is on the card
R8       EQU   8                    this module's line for an ESDID
R9       EQU   9                    table of ESDIDs, 8 bytes each:
*                                   symbol, address as assembled
R10      EQU   10                   where the next section goes
R11      EQU   11                   lowest entry of the symbol table
R12      EQU   12                   base register: the loader
R13      EQU   13                   save area
R14      EQU   14                   return address
R15      EQU   15                   entry of the symbol table
DEFINED  EQU   X'80'
UNNAMED  EQU   X'40'
WAITS    EQU   X'20'
REF      EQU   X'02'
WEAKREF  EQU   X'0A'
COMMON   EQU   X'05'
PENDING  EQU   X'01'
IPLDEV   EQU   X'02'                IPL stores the device address
IOOPSW   EQU   X'38'                I/O old PSW
CSW      EQU   X'40'                channel-status word
CAW      EQU   X'48'                channel-address word
PGMNPSW  EQU   X'68'                program new PSW
IONPSW   EQU   X'78'                I/O new PSW
LOADAT   EQU   X'1000'              where the first section goes
AREA     EQU   8192                 loader and table of ESDIDs
*
*        The first card
*
IPL      START 0
         DC    X'00000000',A(ENTRY)      IPL PSW: BC, disabled, key 0
         CCW   X'02',LOADER,X'60',80     CCW1: read the second card
         CCW   X'08',LOADER,0,1          CCW2: transfer to it
         ORG   IPL+X'800'
*
*        The second card and those behind it.  Flags X'60': chain to
*        the next CCW, and take a record of any length.
*
LOADER   CCW   X'02',LOADER+80,X'60',80
         CCW   X'02',LOADER+160,X'60',80
         CCW   X'02',LOADER+240,X'60',80
         CCW   X'02',LOADER+320,X'60',80
         CCW   X'02',LOADER+400,X'60',80
         CCW   X'02',LOADER+480,X'60',80
         CCW   X'02',LOADER+560,X'60',80
         CCW   X'02',LOADER+640,X'60',80
         CCW   X'02',LOADER+720,X'60',80
         CCW   X'02',LOADER+800,X'60',80
         CCW   X'02',LOADER+880,X'60',80
         CCW   X'02',LOADER+960,X'60',80
         CCW   X'02',LOADER+1040,X'60',80
         CCW   X'02',LOADER+1120,X'60',80
         CCW   X'02',LOADER+1200,X'60',80
         CCW   X'02',LOADER+1280,X'60',80
         CCW   X'02',LOADER+1360,X'60',80
         CCW   X'02',LOADER+1440,X'60',80
         CCW   X'02',LOADER+1520,X'60',80
         CCW   X'02',LOADER+1600,X'60',80
         CCW   X'02',LOADER+1680,X'60',80
         CCW   X'02',LOADER+1760,X'60',80
         CCW   X'02',LOADER+1840,X'60',80
         CCW   X'02',LOADER+1920,X'60',80
         CCW   X'02',LOADER+2000,X'60',80
         CCW   X'02',LOADER+2080,X'60',80
         CCW   X'02',LOADER+2160,X'60',80
         CCW   X'02',LOADER+2240,X'60',80
         CCW   X'02',LOADER+2320,X'60',80
         CCW   X'02',LOADER+2400,X'60',80
         CCW   X'02',LOADER+2480,X'60',80
         CCW   X'02',LOADER+2560,X'60',80
         CCW   X'02',LOADER+2640,X'60',80
         CCW   X'02',LOADER+2720,X'60',80
         CCW   X'02',LOADER+2800,X'60',80
         CCW   X'02',LOADER+2880,X'60',80
         CCW   X'02',LOADER+2960,X'20',80
***********************************************************************
*  Find the end of storage, move there.
*
ENTRY    BALR  R12,0
BASE     LA    R0,BASE-LOADER
         SR    R12,R0
         USING LOADER,R12
         LH    R2,IPLDEV            read on where IPL came from
         STH   R2,DEVICE
         MVC   PGMNPSW(8),OFFEND    addressing exception: the end
         SR    R1,R1
PROBE    LA    R1,2048(,R1)
         LTR   R1,R1
         BZ    ALL                  24 bits of address: no end
         CLI   0(R1),0
         B     PROBE
ALL      L     R1,=X'01000000'
SIZED    MVC   PGMNPSW(8),PGMWAIT
         XC    ZEROS(ZEROEND-ZEROS),ZEROS
         BAL   R14,LOCATE
         LR    R11,R1
         SH    R1,=Y(AREA)
         L     R0,=A(LOADER+4096)
         CR    R1,R0
         BL    NOROOM               not enough to move
         LR    R4,R12
         LR    R5,R1
         LA    R6,16
MOVE     MVC   0(256,R5),0(R4)
         LA    R4,256(,R4)
         LA    R5,256(,R5)
         BCT   R6,MOVE
         LR    R12,R1
         B     MOVED                up there
MOVED    BAL   R14,LOCATE
         LR    R9,R5                behind the loader
         LR    R11,R12              the symbol table is empty
         LA    R6,16
WIPE     SH    R4,=H'256'           leave nothing where it was
         XC    0(256,R4),0(R4)
         BCT   R6,WIPE
         LH    R10,=Y(LOADAT)
***********************************************************************
*  Card after card
*
NEXT     BAL   R14,READ
         CLI   CARD,X'02'
         BNE   BADCARD
         CLC   CARD+1(3),=C'SYM'
         BE    NEXT
         CLI   INSIDE,0             inside a module?
         BNE   MODULE
         CLC   CARD+1(3),=C'SLC'
         BE    SLC
         CLC   CARD+1(3),=C'LDT'
         BE    LDT
         CLC   CARD+1(3),=C'ESD'
         BNE   BADCARD
         MVI   INSIDE,1             it begins
         MVI   PLACED,0
         LR    R3,R9
         LA    R4,16
CLEAR    XC    0(256,R3),0(R3)
         LA    R3,256(,R3)
         BCT   R4,CLEAR
MODULE   CLC   CARD+1(3),=C'TXT'
         BE    TXT
         CLC   CARD+1(3),=C'RLD'
         BE    RLD
         CLC   CARD+1(3),=C'ESD'
         BE    ESD
         CLC   CARD+1(3),=C'END'
         BE    END
         CLC   CARD+1(3),=C'REP'
         BE    REP
         B     BADCARD
***********************************************************************
*  ESD.  Items other than LD have ESDIDs one after the other.
*
ESD      LH    R4,CARD+10
         LH    R5,CARD+14
         LA    R6,CARD+16
         CH    R4,=H'48'            three items
         BH    BADCARD
ESDITEM  SH    R4,=H'16'
         BM    BADCARD              not a multiple of 16
         CLI   8(R6),1
         BE    LD
         BAL   R1,SLOT
         LTR   R15,R15
         BNZ   BADCARD              this ESDID is there already
         L     R3,8(R6)
         LA    R3,0(,R3)            address as assembled
         ST    R3,4(,R8)
         CLI   8(R6),4
         BE    PC
         BAL   R14,FIND
         ST    R15,0(,R8)
         CLI   8(R6),0
         BE    SD
         CLI   8(R6),5
         BE    CM
         XC    4(4,R8),4(R8)        nothing to subtract
         CLI   8(R6),X'0A'
         BE    WX
         CLI   8(R6),2
         BNE   BADCARD
         CLI   8(R15),WEAKREF       a stronger reference
         BE    SETREF
         CLI   8(R15),0
         BNE   ESDNEXT
SETREF   MVI   8(R15),REF
         B     ESDNEXT
WX       CLI   8(R15),0
         BNE   ESDNEXT
         MVI   8(R15),WEAKREF
ESDNEXT  LA    R5,1(,R5)
LDNEXT   LA    R6,16(,R6)
         LTR   R4,R4
         BNZ   ESDITEM
         B     NEXT
*
LD       BAL   R14,FIND
         TM    8(R15),DEFINED+PENDING
         BNZ   TWICE                also in the code of CM
         MVI   8(R15),PENDING
         MVC   9(3,R15),9(R6)
         LH    R0,14(,R6)
         ST    R0,12(,R15)
         B     LDNEXT
*
CM       L     R1,12(,R6)
         LA    R1,0(,R1)
         CLI   8(R15),COMMON
         BE    LONGER
         TM    8(R15),DEFINED+PENDING
         BNZ   ESDNEXT              a section has this name
         MVI   8(R15),COMMON
LONGER   C     R1,12(,R15)
         BNH   ESDNEXT
         ST    R1,12(,R15)
         B     ESDNEXT
*
PC       BAL   R14,MAKE
         ST    R15,0(,R8)
         MVI   8(R15),DEFINED+UNNAMED
         B     PLACE
SD       TM    8(R15),DEFINED
         BO    TWICE
         CLI   8(R15),PENDING
         BE    TWICE
         MVI   8(R15),DEFINED
*
*        A section goes to the next doubleword boundary.  The first of
*        a module goes where it is assembled for, unless that is 0.
*
PLACE    L     R1,12(,R6)
         LA    R1,0(,R1)
         C     R1,12(,R15)          a common area may be longer
         BNL   *+8
         L     R1,12(,R15)
         ST    R1,12(,R15)
         CLI   PLACED,0
         BNE   BEHIND
         MVI   PLACED,1
         CLI   LOCATED,0            did SLC say where?
         MVI   LOCATED,0
         BNE   HERE
         LTR   R3,R3
         BZ    BEHIND
         LR    R10,R3
         B     HERE
BEHIND   LA    R10,7(,R10)
         N     R10,=X'00FFFFF8'
HERE     LR    R3,R10               it begins
         AR    R10,R1               and ends
         BAL   R14,ROOM
         MVI   4(R8),X'80'          of this module
         XC    OPEN,OPEN
         LTR   R1,R1
         BNZ   KNOWN
         ST    R15,OPEN             END or TXT says its length
KNOWN    L     R0,FIRST
         LTR   R0,R0
         BNZ   APART
         ST    R15,FIRST
*
*        Sections may not overlap: this one, R3 to R10, with any other
*
APART    LR    R1,R11
OTHER    CR    R1,R15               itself?
         BE    FURTHER
         CLI   8(R1),DEFINED
         BE    COMPARE
         CLI   8(R1),DEFINED+UNNAMED
         BNE   FURTHER
COMPARE  L     R0,8(,R1)
         ST    R0,WORK
         MVI   WORK,0
         L     R0,12(,R1)
         A     R0,WORK              where the other one ends
         CR    R0,R3
         BNH   FURTHER
         C     R10,WORK
         BH    OVERLAP
FURTHER  LA    R1,16(,R1)
         CR    R1,R12
         BL    OTHER
         O     R3,8(,R15)           only now it has an address
         ST    R3,8(,R15)
         B     ESDNEXT
***********************************************************************
*  TXT, RLD, REP
*
TXT      L     R3,CARD+4
         LA    R3,0(,R3)
         LH    R4,CARD+10
         LTR   R4,R4
         BNP   BADCARD
         CH    R4,=H'56'            columns 17-72
         BH    BADCARD
         LH    R5,CARD+14
         BAL   R14,INTO
         BCTR  R4,0                 MVC wants the length less one
         EX    R4,MOVETEXT
         B     NEXT
MOVETEXT MVC   0(0,R3),CARD+16
*
RLD      LA    R6,CARD+16
         LH    R7,CARD+10
         LTR   R7,R7
         BNP   BADCARD
         CH    R7,=H'56'
         BH    BADCARD
         AR    R7,R6
RLDPAIR  MVC   RELID(4),0(R6)       ESDIDs: relocation, position
         LA    R6,4(,R6)
RLDITEM  LA    R0,4(,R6)
         CR    R0,R7
         BH    BADCARD              half an item
         TM    0(R6),X'60'          Q, CXD, or longer than 4 bytes
         BNZ   BADCARD
         L     R3,0(,R6)
         LA    R3,0(,R3)
         SR    R4,R4
         IC    R4,0(,R6)
         SRL   R4,2
         N     R4,=F'3'
         LA    R4,1(,R4)
         LH    R5,POSID
         BAL   R14,INTO
         LH    R5,RELID
         BAL   R1,SLOT
         LTR   R15,R15
         BZ    BADCARD
         L     R1,4(,R8)
         LA    R1,0(,R1)
         TM    0(R6),X'10'          V: the address itself
         BZ    ADDRESS
         SR    R1,R1
         BCTR  R4,0
         EX    R4,CLEARED
ADDRESS  LR    R5,R6
         TM    8(R15),DEFINED
         BZ    LATER
         BAL   R14,ADJUST
         B     RLDNEXT
LATER    LR    R5,R15
         BAL   R14,MAKE
         ST    R5,0(,R15)
         ST    R1,4(,R15)
         ST    R3,8(,R15)
         MVI   8(R15),WAITS
         MVC   12(1,R15),0(R6)
RLDNEXT  TM    0(R6),X'01'          same ESDIDs for the next item
         LA    R6,4(,R6)
         BO    RLDSAME
         CR    R6,R7
         BL    RLDPAIR
         B     NEXT
RLDSAME  CR    R6,R7
         BL    RLDITEM
         B     NEXT
CLEARED  XC    0(0,R3),0(R3)
*
REP      LA    R6,CARD+6
         LA    R4,6
         BAL   R14,HEX
         ST    R3,REPAT
         MVC   REPID,=H'1'
         CLC   CARD+13(3),BLANKS
         BE    REPTEXT
         LA    R6,CARD+13
         LA    R4,3
         BAL   R14,HEX
         STH   R3,REPID
REPTEXT  LA    R6,CARD+16
REPHALF  LA    R4,4
         BAL   R14,HEX
         STH   R3,WORK
         L     R3,REPAT
         LA    R4,2
         LH    R5,REPID
         BAL   R14,INTO
         MVC   0(2,R3),WORK
         L     R3,REPAT
         LA    R3,2(,R3)
         ST    R3,REPAT
         CLI   0(R6),C' '
         BE    NEXT
         CLI   0(R6),C','
         BNE   BADCARD
         LA    R6,1(,R6)
         LA    R0,CARD+66
         CR    R6,R0
         BNH   REPHALF
         B     BADCARD
***********************************************************************
*  END: the length of the last section, the entry point, entry symbols
*
END      MVI   INSIDE,0
         L     R15,OPEN
         LTR   R15,R15
         BZ    ENTERED
         L     R1,8(,R15)
         LA    R1,0(,R1)
         CLC   CARD+29(3),BLANKS
         BE    MEASURED
         L     R0,CARD+28
         ST    R0,WORK
         MVI   WORK,0
         L     R3,WORK
         AR    R3,R1
         CR    R3,R10
         BNH   MEASURED
         LR    R10,R3
         BAL   R14,ROOM
MEASURED LR    R0,R10
         SR    R0,R1
         ST    R0,12(,R15)
         XC    OPEN,OPEN
ENTERED  L     R0,ENTSYM
         LTR   R0,R0
         BNZ   SYMBOLS              an earlier module has said it
         CLC   CARD+5(3),BLANKS
         BNE   ENTADDR
         CLC   CARD+16(8),BLANKS
         BE    SYMBOLS
         BAL   R14,NAMED
         B     SYMBOLS
ENTADDR  LH    R5,=H'1'
         CLC   CARD+14(2),BLANKS
         BE    *+8
         LH    R5,CARD+14
         BAL   R1,SLOT
         LTR   R15,R15
         BZ    BADCARD
         ST    R15,ENTSYM
         L     R3,CARD+4
         S     R3,4(,R8)
         LA    R3,0(,R3)
         ST    R3,ENTOFF
SYMBOLS  LR    R6,R11
ENDSYM   CLI   8(R6),PENDING
         BNE   ENDNEXT
         L     R5,12(,R6)
         BAL   R1,SLOT
         TM    4(R8),X'80'
         BZ    BADCARD              not in a section of its module
         L     R3,8(,R6)
         S     R3,4(,R8)
         A     R3,8(,R15)
         ST    R3,8(,R6)
         MVI   8(R6),DEFINED+PENDING
         XC    12(4,R6),12(R6)
ENDNEXT  LA    R6,16(,R6)
         CR    R6,R12
         BL    ENDSYM
         B     NEXT
*
SLC      LA    R6,CARD+6
         LA    R4,6
         BAL   R14,HEX
         LR    R10,R3
         MVI   LOCATED,1
         B     NEXT
*
LDT      CLC   CARD+16(8),BLANKS
         BE    FINISH
         BAL   R14,NAMED
***********************************************************************
*  All modules are there: common areas, references, entry point
*
FINISH   MVC   MSGCARD,BLANKS       it is no card's fault
         MVC   MSGNUM,BLANKS
         L     R0,FIRST
         LTR   R0,R0
         BZ    NOTHING
         LR    R6,R12
         L     R10,HIGH
         MVI   INSIDE,0
JOIN     SH    R6,=H'16'            in the order of their cards
         CR    R6,R11
         BL    JOINED
         CLI   8(R6),COMMON
         BNE   JOINREF
         LA    R10,7(,R10)
         N     R10,=X'00FFFFF8'
         ST    R10,8(,R6)
         MVI   8(R6),DEFINED
         A     R10,12(,R6)
         BAL   R14,ROOM
JOINREF  CLI   8(R6),WEAKREF
         BNE   JOINER
         MVC   8(4,R6),=X'80000000' weak: it is at 0
JOINER   CLI   8(R6),REF
         BNE   JOIN
         MVI   INSIDE,1
         MVC   MSGNAME,0(R6)
         LA    R5,UNDEF
         BAL   R14,SAY
         B     JOIN
JOINED   LA    R5,UNDEF
         CLI   INSIDE,0
         BNE   STOPPED
         LR    R6,R11
FIX      CLI   8(R6),WAITS
         BNE   FIXNEXT
         LM    R15,R1,0(R6)
         LR    R1,R0
         L     R3,8(,R6)
         LA    R5,12(,R6)
         BAL   R14,ADJUST
FIXNEXT  LA    R6,16(,R6)
         CR    R6,R12
         BL    FIX
         L     R1,ENTSYM
         LTR   R1,R1
         BNZ   *+8
         L     R1,FIRST
         L     R15,8(,R1)
         A     R15,ENTOFF
         LA    R15,0(,R15)
         LA    R13,SAVEAREA
         LA    R14,RETURN
         SR    R0,R0
         SR    R1,R1
         BR    R15
RETURN   BALR  R12,0
         USING *,R12
         LPSW  GOOD
         USING LOADER,R12
***********************************************************************
*  SLOT: the line R8 of the ESDID R5 and its symbol R15, 0 if it has
*  none.  Returns to R1.
*
SLOT     LTR   R5,R5
         BNP   BADCARD
         CH    R5,=H'511'
         BH    BADCARD
         LR    R8,R5
         SLL   R8,3
         AR    R8,R9
         L     R15,0(,R8)
         BR    R1
*
*  FIND: the symbol R15 with the name at R6.  MAKE: a new one.
*
FIND     LR    R15,R11
         B     FINDEND
FINDNAME TM    8(R15),UNNAMED+WAITS
         BNZ   FINDNEXT
         CLC   0(8,R15),0(R6)
         BER   R14
FINDNEXT LA    R15,16(,R15)
FINDEND  CR    R15,R12
         BL    FINDNAME
MAKE     SH    R11,=H'16'
         C     R11,HIGH
         BL    NOROOM
         LR    R15,R11
         XC    0(16,R15),0(R15)
         MVC   0(8,R15),0(R6)
         BR    R14
*
*  NAMED: the entry point has the name in columns 17-24.
*
NAMED    ST    R14,RETURNTO
         LA    R6,CARD+16
         BAL   R14,FIND
         ST    R15,ENTSYM
         XC    ENTOFF,ENTOFF
         L     R14,RETURNTO
         TM    8(R15),DEFINED+PENDING
         BCR   7,R14                known
         MVI   8(R15),REF
         BR    R14
*
*  ROOM: sections now end at R10.
*
ROOM     C     R10,HIGH
         BCR   13,R14               not higher
         ST    R10,HIGH
         CR    R10,R11
         BH    NOROOM
         BR    R14
*
*  INTO: R4 bytes at R3 of the section R5, as assembled, are at R3.
*
INTO     BAL   R1,SLOT
         TM    4(R8),X'80'
         BZ    BADCARD              no section of this module
         L     R0,4(,R8)
         ST    R0,WORK2
         MVI   WORK2,0
         S     R3,WORK2
         BM    BADCARD              before its section
         L     R0,8(,R15)
         ST    R0,WORK2
         MVI   WORK2,0
         LR    R1,R3
         A     R3,WORK2
         AR    R1,R4
         L     R0,12(,R15)
         LTR   R0,R0
         BZ    GROWS
         CR    R1,R0
         BH    BADCARD              behind its section
         BR    R14
GROWS    C     R15,OPEN             its length is not known yet
         BNE   BADCARD
         LA    R1,0(R3,R4)
         CR    R1,R10
         BCR   13,R14
         LR    R10,R1
         B     ROOM
*
*  ADJUST: the address constant at R3, flags at R5, moves with the
*  symbol R15 from the address R1.
*
ADJUST   SR    R4,R4
         IC    R4,0(,R5)
         SRL   R4,2
         N     R4,=F'3'             its length less one
         LA    R8,WORK+3
         SR    R8,R4
         XC    WORK,WORK
         EX    R4,GET
         L     R0,8(,R15)
         ST    R0,WORK2
         MVI   WORK2,0
         L     R0,WORK2
         SR    R0,R1
         L     R1,WORK
         TM    0(R5),X'02'
         BO    MINUS
         ALR   R1,R0
         B     PUTBACK
MINUS    SLR   R1,R0
PUTBACK  ST    R1,WORK
         EX    R4,PUT
         BR    R14
GET      MVC   0(0,R8),0(R3)
PUT      MVC   0(0,R3),0(R8)
*
*  HEX: R4 hexadecimal digits at R6 are R3; R6 is behind them.
*
HEX      SR    R3,R3
         SR    R0,R0
HEXDIGIT IC    R0,0(,R6)
         SH    R0,=H'240'           0 to 9 are F0 to F9
         BNM   HEXPUT
         AH    R0,=H'57'            A to F are C1 to C6
         CH    R0,=H'10'
         BL    BADCARD
         CH    R0,=H'15'
         BH    BADCARD
         B     HEXADD
HEXPUT   CH    R0,=H'9'
         BH    BADCARD
HEXADD   SLL   R3,4
         AR    R3,R0
         LA    R6,1(,R6)
         SR    R0,R0
         BCT   R4,HEXDIGIT
         BR    R14
*
*  READ: one card.  After the last one the program starts.
*
READ     L     R0,CARDS
         AH    R0,=H'1'
         ST    R0,CARDS
         LH    R2,DEVICE
         LA    R3,READCCW
         BAL   R1,DOIO
         LTR   R15,R15
         BCR   8,R14
         CLI   INSIDE,0
         BNE   NOCARD               within a module
         CH    R15,=H'1'
         BE    FINISH               unit exception: end of file
         CH    R15,=H'2'
         BNE   NOCARD
         LA    R3,SENSECCW
         BAL   R1,DOIO
         LTR   R15,R15
         BNZ   NOCARD
         TM    SENSE,X'40'          intervention required:
         BO    FINISH               no more cards
NOCARD   LA    R5,MISSING
         B     STOP
*
*  DOIO: the CCW R3 on the device R2, to its end.  R15 is then 0, or
*  1 unit exception, 2 unit check, 4 anything else.  Returns to R1.
*  The program's own I/O new PSW may be in place already: keep it.
*
DOIO     STH   R2,WAITFOR
         MVC   KEPT,IONPSW
         MVC   IONPSW(8),DONE
         ST    R3,CAW
REDO     SIO   0(R2)
         BC    4,STORED             its status is in the CSW
         BNZ   NOTTHERE
WAIT     LPSW  WAITING
ENDED    CLC   IOOPSW+2(2),WAITFOR  another device's interruption?
         BNE   WAIT
         TM    CSW+4,X'07'          device end, check or exception?
         BZ    WAIT
STORED   TM    CSW+4,X'10'          busy: now it is not
         BO    REDO
         SR    R15,R15
         IC    R15,CSW+4
         N     R15,=F'3'            check, exception
         CLI   CSW+5,0              channel status
         BE    IODONE
NOTTHERE LA    R15,4
IODONE   MVC   IONPSW(8),KEPT
         BR    R1
***********************************************************************
*  The end that is none: a message R5, a wait
*
BADCARD  LA    R5,WRONG
         B     STOP
TWICE    MVC   MSGNAME,0(R6)
         LA    R5,DOUBLE
         B     STOP
OVERLAP  MVC   MSGNAME,0(R1)
         LA    R5,OVERLAID
         B     STOP
NOTHING  LA    R5,EMPTY
         B     STOP
NOROOM   LA    R5,FULL
STOP     BAL   R14,SAY
STOPPED  MVC   BAD+6(2),0(R5)
         LPSW  BAD
*
SAY      MVC   MSGTEXT,2(R5)
         CLI   MSGCARD+1,C' '       not about a card?
         BE    WRITE
         L     R0,CARDS
         CVD   R0,PACKED
         UNPK  MSGNUM,PACKED
         OI    MSGNUM+4,X'F0'
WRITE    LA    R2,X'009'
         LA    R3,WRITECCW
         BAL   R1,DOIO
         LTR   R15,R15
         BCR   8,R14
         LA    R2,X'01F'
         BAL   R1,DOIO
         BR    R14
*
*  LOCATE: what holds addresses inside the loader.
*
LOCATE   LA    R0,ENDED
         ST    R0,DONE+4
         LA    R0,CARD
         ST    R0,READCCW
         MVI   READCCW,X'02'
         LA    R0,SENSE
         ST    R0,SENSECCW
         MVI   SENSECCW,X'04'
         LA    R0,MESSAGE
         ST    R0,WRITECCW
         MVI   WRITECCW,X'09'
         BR    R14
***********************************************************************
READCCW  CCW   X'02',0,X'20',80
SENSECCW CCW   X'04',0,X'20',1
WRITECCW CCW   X'09',0,X'20',L'MESSAGE
OFFEND   DC    X'00000000',A(SIZED)
WAITING  DC    X'FE020000',A(0)     wait, enabled for I/O
DONE     DC    X'00000000',A(0)     go on behind the wait, disabled
BAD      DC    X'00020000',X'00000000' wait, disabled
GOOD     DC    X'00020000',X'0000E0D0'
PGMWAIT  DC    X'00020000',X'0000BAD6'
WRONG    DC    X'BAD0',CL20'WRONG CARD'
MISSING  DC    X'BAD2',CL20'NO CARD'
FULL     DC    X'BAD4',CL20'NO STORAGE'
OVERLAID DC    X'BAD4',CL20'OVERLAPS SECTION'
UNDEF    DC    X'BAD8',CL20'UNDEFINED NAME'
DOUBLE   DC    X'BADA',CL20'NAME DEFINED TWICE'
EMPTY    DC    X'BADC',CL20'NO PROGRAM'
MESSAGE  DS    0CL53
         DC    C'OBJECT LOADER: '
MSGTEXT  DC    CL20' '
MSGNAME  DC    CL8' '
MSGCARD  DC    C' CARD'
MSGNUM   DC    C'00000'
BLANKS   DC    CL8' '
         LTORG
*
*        Not on the loader's cards
*
KEPT     DS    D
PACKED   DS    D
CARD     DS    10D
DEVICE   DS    H
WAITFOR  DS    H
RELID    DS    H
POSID    DS    H
REPID    DS    H
REPAT    DS    F
WORK     DS    F
WORK2    DS    F
RETURNTO DS    F
ZEROS    DS    0F
CARDS    DS    F                    read so far
FIRST    DS    F                    the first section
OPEN     DS    F                    a section of unknown length
ENTSYM   DS    F                    the entry point: symbol
ENTOFF   DS    F                    and offset
HIGH     DS    F                    where sections end
INSIDE   DS    X                    inside a module
PLACED   DS    X                    the module has a section
LOCATED  DS    X                    SLC was read
SENSE    DS    X
SAVEAREA DS    18F
ZEROEND  DS    0F
LAST     EQU   *
         END   ENTRY
