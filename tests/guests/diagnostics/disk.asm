***********************************************************************
*  DISK: a drive at 190 with a pack whose cylinders from 5 on have
*  been initialized: home address and record 0 on each track.  Seek,
*  search and so on are as the 2841 has them, and the 3830.
***********************************************************************
*        seek: channel end, then device end
         BAL   R14,STARTIO
         DC    AL2(1,X'190'),AL1(0,2),AL2(0),AL4(SEEK)
         DC    AL4(SEEK+8),AL2(CE,0),AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          the head only: no arm moves
         DC    AL2(2,X'190'),AL1(0,1),AL2(0),AL4(HEADSEEK)
         DC    AL4(HEADSEEK+24),AL2(CEDE,0)
         BAL   R14,SAME             home address: flag, CC, HH
         DC    AL2(3,4),AL4(INPUT+1),AL4(HA)
*        format a track: three records
         BAL   R14,STARTIO
         DC    AL2(10,X'190'),AL1(0,1),AL2(0),AL4(FORMAT)
         DC    AL4(FORMATE),AL2(CEDE,0)
         BAL   R14,STARTIO          read record 2 by its identifier
         DC    AL2(11,X'190'),AL1(0,1),AL2(0),AL4(READ2)
         DC    AL4(READ2E),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(12,80),AL4(INPUT),AL4(DATA2)
         BAL   R14,STARTIO          record 3 by its key
         DC    AL2(13,X'190'),AL1(0,1),AL2(0),AL4(READKEY)
         DC    AL4(READKEYE),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(14,100),AL4(INPUT),AL4(DATA3)
         BAL   R14,STARTIO          count, key and data of record 1
         DC    AL2(15,X'190'),AL1(0,1),AL2(0),AL4(READCKD)
         DC    AL4(READCKDE),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(16,8),AL4(INPUT),AL4(COUNT1)
         BAL   R14,SAME
         DC    AL2(17,50),AL4(INPUT+8),AL4(DATA1)
*        update of the data alone
         BAL   R14,STARTIO
         DC    AL2(20,X'190'),AL1(0,1),AL2(0),AL4(UPDATE2)
         DC    AL4(UPDATE2E),AL2(CEDE,0)
         BAL   R14,STARTIO
         DC    AL2(21,X'190'),AL1(0,1),AL2(0),AL4(READ2)
         DC    AL4(READ2E),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(22,80),AL4(INPUT),AL4(NEWDATA)
*        search is without end: no record found
         BAL   R14,STARTIO
         DC    AL2(30,X'190'),AL1(0,1),AL2(0),AL4(NORECORD)
         DC    AL4(NORECORD+16),AL2(CEDE+UC,ANY)
         BAL   R14,STARTIO
         DC    AL2(31,X'190'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(32,2),AL4(BYTES),AL4(X0008)
*        equal and high: status modifier
         BAL   R14,STARTIO
         DC    AL2(33,X'190'),AL1(0,1),AL2(0),AL4(SEARCHES)
         DC    AL4(SEARCHE),AL2(CEDE,1)
*        a data area of another length
         BAL   R14,STARTIO
         DC    AL2(34,X'190'),AL1(0,1),AL2(0),AL4(LONG2)
         DC    AL4(LONG2E),AL2(CEDE+IL,20)
         BAL   R14,STARTIO
         DC    AL2(35,X'190'),AL1(0,1),AL2(0),AL4(SHORT2)
         DC    AL4(SHORT2E),AL2(CEDE+IL,0)
*        an end of file: a record without data
         BAL   R14,STARTIO
         DC    AL2(36,X'190'),AL1(0,1),AL2(0),AL4(WRITEEOF)
         DC    AL4(WRITEEFE),AL2(CEDE,0)
         BAL   R14,STARTIO
         DC    AL2(37,X'190'),AL1(0,1),AL2(0),AL4(READEOF)
         DC    AL4(READEOFE),AL2(CEDE+UX+IL,80)
*        seek to what is not there
         BAL   R14,STARTIO
         DC    AL2(40,X'190'),AL1(0,1),AL2(0),AL4(SEEKBAD)
         DC    AL4(SEEKBAD+8),AL2(CEDE+UC,ANY)
         BAL   R14,STARTIO
         DC    AL2(41,X'190'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         TM    BYTES,X'81'          command reject, seek check
         BC    5,SEEKCK
         BAL   R14,FAULT
         DC    AL2(42)
SEEKCK   EQU   *
*        write without a search: command reject
         BAL   R14,STARTIO
         DC    AL2(50,X'190'),AL1(1,0),AL2(UC),AL4(WRITE)
         BAL   R14,STARTIO
         DC    AL2(51,X'190'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME             and invalid sequence
         DC    AL2(52,1),AL4(BYTES),AL4(X80)
*        file mask: no writes, then no seeks
         BAL   R14,STARTIO
         DC    AL2(53,X'190'),AL1(0,1),AL2(0),AL4(NOWRITE)
         DC    AL4(NOWRITE+40),AL2(UC,ANY)
         BAL   R14,STARTIO
         DC    AL2(54,X'190'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(55,1),AL4(BYTES),AL4(X80)
         BAL   R14,BEGIN            unit check, early or late
         DC    AL2(56,X'190'),AL1(0,0),AL2(0),AL4(NOSEEK)
REFUSED  TIO   X'190'
         BC    2,REFUSED
         TM    CSW+4,X'02'
         BO    MASKED
         BAL   R14,FAULT
         DC    AL2(56)
MASKED   EQU   *
         BAL   R14,STARTIO
         DC    AL2(57,X'190'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME             file protected
         DC    AL2(58,2),AL4(BYTES),AL4(X0004)
         BAL   R14,STARTIO          a second file mask: rejected
         DC    AL2(59,X'190'),AL1(0,1),AL2(0),AL4(TWOMASKS)
         DC    AL4(TWOMASKS+16),AL2(UC,ANY)
*        multiple tracks: on to the end of the cylinder
         BAL   R14,STARTIO
         DC    AL2(60,X'190'),AL1(0,1),AL2(0),AL4(MULTI)
         DC    AL4(MULTI+16),AL2(CEDE+UC,ANY)
         BAL   R14,STARTIO
         DC    AL2(61,X'190'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME             end of cylinder
         DC    AL2(62,2),AL4(BYTES),AL4(X0020)
*        recalibrate; release is not installed; no such command
         BAL   R14,STARTIO
         DC    AL2(70,X'190'),AL1(1,1),AL2(CE),AL4(RECAL)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO
         DC    AL2(71,X'190'),AL1(1,0),AL2(UC),AL4(WRONG)
         BAL   R14,STARTIO
         DC    AL2(72,X'190'),AL1(1,0),AL2(CEDE),AL4(NOP)
         B     DONE
SEEK     CCW   X'07',CYL6,0,6
HEADSEEK CCW   X'07',CYL6,X'40',6
         CCW   X'1B',CYL6H1,X'40',6
         CCW   X'1A',INPUT,0,5
FORMAT   CCW   X'07',CYL6,X'40',6
         CCW   X'1F',MASKALL,X'40',1
         CCW   X'31',R0ID,X'40',5
         CCW   X'08',FORMAT+16,0,0
         CCW   X'1D',COUNT1,X'C0',8
         CCW   0,DATA1,X'40',50
         CCW   X'1D',COUNT2,X'C0',8
         CCW   0,DATA2,X'40',80
         CCW   X'1D',COUNT3,X'C0',8
         CCW   0,KEY3,X'80',6
         CCW   0,DATA3,0,100
FORMATE  EQU   *
READ2    CCW   X'07',CYL6,X'40',6
         CCW   X'31',COUNT2,X'40',5
         CCW   X'08',READ2+8,0,0
         CCW   X'06',INPUT,0,80
READ2E   EQU   *
READKEY  CCW   X'07',CYL6,X'40',6
         CCW   X'29',KEY3,X'60',6
         CCW   X'08',READKEY+8,0,0
         CCW   X'06',INPUT,0,100
READKEYE EQU   *
READCKD  CCW   X'07',CYL6,X'40',6
         CCW   X'31',R0ID,X'40',5
         CCW   X'08',READCKD+8,0,0
         CCW   X'1E',INPUT,0,58
READCKDE EQU   *
UPDATE2  CCW   X'07',CYL6,X'40',6
         CCW   X'31',COUNT2,X'40',5
         CCW   X'08',UPDATE2+8,0,0
         CCW   X'05',NEWDATA,0,80
UPDATE2E EQU   *
NORECORD CCW   X'07',CYL6,X'40',6
         CCW   X'31',ID9,X'60',5
         CCW   X'08',NORECORD+8,0,0
         CCW   X'06',INPUT,0,80
SEARCHES CCW   X'07',CYL6,X'40',6
         CCW   X'71',R1ID,X'40',5   equal or high
         CCW   X'08',SEARCHES+8,0,0
         CCW   X'51',R1ID,X'40',5   high
         CCW   X'08',SEARCHES+24,0,0
         CCW   X'03',0,X'20',1
SEARCHE  EQU   *
LONG2    CCW   X'07',CYL6,X'40',6
         CCW   X'31',COUNT2,X'40',5
         CCW   X'08',LONG2+8,0,0
         CCW   X'06',INPUT,0,100
LONG2E   EQU   *
SHORT2   CCW   X'07',CYL6,X'40',6
         CCW   X'31',COUNT2,X'40',5
         CCW   X'08',SHORT2+8,0,0
         CCW   X'06',INPUT,0,10
SHORT2E  EQU   *
WRITEEOF CCW   X'07',CYL6H1,X'40',6
         CCW   X'31',R0IDH1,X'40',5
         CCW   X'08',WRITEEOF+8,0,0
         CCW   X'1D',COUNTEOF,0,8
WRITEEFE EQU   *
READEOF  CCW   X'07',CYL6H1,X'40',6
         CCW   X'31',COUNTEOF,X'40',5
         CCW   X'08',READEOF+8,0,0
         CCW   X'06',INPUT,0,80
READEOFE EQU   *
SEEKBAD  CCW   X'07',CYL9999,0,6
SENSE    CCW   X'04',BYTES,X'20',6
WRITE    CCW   X'05',INPUT,X'20',80
NOWRITE  CCW   X'07',CYL6,X'40',6
         CCW   X'1F',MASKNOW,X'40',1
         CCW   X'31',COUNT2,X'40',5
         CCW   X'08',NOWRITE+16,0,0
         CCW   X'05',DATA2,0,80
NOSEEK   CCW   X'1F',MASKNOS,X'40',1
         CCW   X'07',CYL6,0,6
TWOMASKS CCW   X'1F',MASKNOW,X'40',1
         CCW   X'1F',MASKNOW,0,1
MULTI    CCW   X'07',CYL6,X'40',6
         CCW   X'B1',ID9,X'60',5
         CCW   X'08',MULTI+8,0,0
RECAL    CCW   X'13',0,X'20',1
WRONG    CCW   X'43',0,X'20',1
NOP      CCW   X'03',0,X'20',1
CYL6     DC    XL6'000000060000'
CYL6H1   DC    XL6'000000060001'
CYL9999  DC    XL6'00009999FFFF'
HA       DC    XL4'00060001'
R0ID     DC    XL5'0006000000'
R0IDH1   DC    XL5'0006000100'
R1ID     DC    XL5'0006000001'
ID9      DC    XL5'0006000009'
COUNT1   DC    XL8'0006000001000032'
COUNT2   DC    XL8'0006000002000050'
COUNT3   DC    XL8'0006000003060064'
COUNTEOF DC    XL8'0006000101000000'
KEY3     DC    CL6'KEY003'
DATA1    DC    CL50'THE FIRST RECORD'
DATA2    DC    CL80'THE SECOND RECORD'
DATA3    DC    CL100'THE THIRD RECORD'
NEWDATA  DC    CL80'THE SECOND RECORD, WRITTEN AGAIN'
MASKALL  DC    X'C0'
MASKNOW  DC    X'40'
MASKNOS  DC    X'18'
X0008    DC    X'0008'
X0004    DC    X'0004'
X0020    DC    X'0020'
X80      DC    X'80'
BYTES    DC    XL24'00'
INPUT    DC    XL200'00'
         END   MONITOR
