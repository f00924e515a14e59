* Lesson 1.  Five numbers stand in TABLE.  The program adds them and
* puts the sum into SUM.  One line of it is not right yet.
SUMS     START X'1000'
BEGIN    BALR  12,0           register 12: where we are
         USING *,12
         LA    2,TABLE        register 2: where the next number is
         LA    4,5            register 4: how many are left
         SR    3,3            register 3: the sum, nothing so far
LOOP     A     3,0(,2)        add the number register 2 points to
         LA    2,4(,2)        point to the next one
         BCT   4,LOOP         one less; again, until none is left
STORE    ST    3,SUM          keep the sum
         LPSW  DONE           stop
*
TABLE    DC    F'10,20,30,40,50'
DONE     DC    0D'0',X'0002000000000000'
SUM      DC    F'0'
         END   BEGIN
