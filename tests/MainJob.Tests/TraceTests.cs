using Metering.MainJob;

namespace Metering.MainJobTests;

public class TraceTests
{
    private const string Good = "2023-11-16 18:15:46.6805900,374,44";

    [Test]
    public void Rows_are_read_as_they_stand()
    {
        var trace = Parse(Trace.Header, Good, "2023-11-16 18:15:50.9951690,396,109");
        Assert.That(trace.Rows, Is.EqualTo(new[]
        {
            new TraceRow(new DateTimeOffset(2023, 11, 16, 18, 15, 46, TimeSpan.Zero).AddTicks(6_805_900), 374, 44),
            new TraceRow(new DateTimeOffset(2023, 11, 16, 18, 15, 50, TimeSpan.Zero).AddTicks(9_951_690), 396, 109),
        }));
        Assert.That((trace.Total, trace.LargestOutput), Is.EqualTo((923L, 109L)));
    }

    [TestCase("2023-11-16 18:15:46")]
    [TestCase("2023-11-16 18:15:46.68")]
    [TestCase("2023-11-16T18:15:46.68Z")]
    [TestCase("2024-05-10 00:00:00.009930+00:00")]
    public void Times_may_have_fewer_digits_or_a_zone(string time) => Assert.That(Parse(Trace.Header, time + ",1,2").Total, Is.EqualTo(3));

    [TestCase("TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46,1,2\r\n2023-11-16 18:15:47,3,4\r\n")]
    [TestCase("\uFEFFTIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1,2\n2023-11-16 18:15:47,3,4")]
    [TestCase("timestamp,contexttokens,generatedtokens\n2023-11-16 18:15:46, 1, 2\n2023-11-16 18:15:47 ,3,4\n\n\n")]
    public void Line_ends_marks_and_blanks_of_other_systems_are_taken(string content)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, content);
        Assert.That(Trace.Read(path).Rows.Select(row => (row.Input, row.Output)), Is.EqualTo(new[] { (1L, 2L), (3L, 4L) }));
        File.Delete(path);
    }

    [TestCase("2023-11-16 18:15:46,,2", "ContextTokens is \"\", expected a whole number")]
    [TestCase("2023-11-16 18:15:46,x,2", "ContextTokens is \"x\"")]
    [TestCase("2023-11-16 18:15:46,-1,2", "ContextTokens is \"-1\"")]
    [TestCase("2023-11-16 18:15:46,1,2.5", "GeneratedTokens is \"2.5\"")]
    [TestCase("2023-11-16 18:15:46,1,1e3", "GeneratedTokens is \"1e3\"")]
    [TestCase("2023-11-16 18:15:46,1,+3", "GeneratedTokens is \"+3\"")]
    [TestCase("2023-11-16 18:15:46,1000000001,2", "expected a whole number from 0 to 1,000,000,000")]
    [TestCase("2023-11-16 18:15:46,9223372036854775808,2", "ContextTokens is \"9223372036854775808\"")]
    [TestCase("2023-11-16 18:15:46,1,99999999999999999999999999", "GeneratedTokens is")]
    [TestCase("yesterday,1,2", "TIMESTAMP is \"yesterday\", expected a time like")]
    [TestCase("2023-02-30 18:15:46,1,2", "TIMESTAMP is")]
    [TestCase("2023-11-16 18:15:46,1", "expected three fields")]
    [TestCase("2023-11-16 18:15:46,1,2,3", "expected three fields")]
    [TestCase("\"2023-11-16 18:15:46\",1,2", "TIMESTAMP is")]
    [TestCase("", "expected three fields")]
    public void A_bad_row_is_named_by_its_line(string row, string words)
    {
        var problems = Problems(Trace.Header, Good, row, Good);
        Assert.That(problems, Has.Count.EqualTo(1));
        Assert.That(problems[0], Does.StartWith("line 3: ").And.Contain(words));
    }

    [Test]
    public void Every_bad_row_is_named()
    {
        var problems = Problems("when,in,out", Good, "x,1,2", Good, "2023-11-16 18:15:46,1");
        Assert.That(problems.Select(problem => problem.Split(':')[0]), Is.EqualTo(new[] { "line 1", "line 3", "line 5" }));
        Assert.That(problems[0], Does.Contain("expected the header " + Trace.Header));
    }

    [Test]
    public void A_missing_header_is_named_and_the_first_call_is_not_lost_in_silence() =>
        Assert.That(Problems(Good, Good), Is.EqualTo(new[] { $"line 1: \"{Good}\", expected the header {Trace.Header}" }));

    [Test]
    public void Nothing_to_meter_is_a_problem()
    {
        Assert.That(Problems(), Is.EqualTo(new[] { $"it is empty, expected the header {Trace.Header} and a line per call" }));
        Assert.That(Problems("", "  "), Has.Count.EqualTo(1));
        Assert.That(Problems(Trace.Header), Is.EqualTo(new[] { "it has no calls, expected a line per call after the header" }));
    }

    [Test]
    public void A_total_beyond_what_Stripe_takes_is_a_problem()
    {
        var rows = Enumerable.Repeat("2023-11-16 18:15:46,1000000000,1000000000", 500_000);
        var expected = "it has 1000000000000000 tokens in total, expected at most 999999999999999: Stripe takes 15 digits";
        Assert.That(Problems([Trace.Header, .. rows]), Is.EqualTo(new[] { expected }));
    }

    [Test]
    public void A_file_that_cannot_be_read_is_a_problem()
    {
        Assert.That(() => Trace.Read("/no/such/trace.csv"), Throws.TypeOf<TraceException>());
        Assert.That(() => Trace.Read(Path.GetTempPath()), Throws.TypeOf<TraceException>());
    }

    [Test]
    public void Not_more_than_twenty_problems_are_shown()
    {
        var problem = Assert.Throws<TraceException>(() => Parse([Trace.Header, .. Enumerable.Repeat("x", 1021)]))!;
        var lines = problem.Lines().ToList();
        Assert.That(lines, Has.Count.EqualTo(21));
        Assert.That(lines[0], Does.StartWith("trace.csv: line 2: "));
        Assert.That(lines[^1], Is.EqualTo("trace.csv: and 1,001 more problems"));
    }

    [Test]
    public void Row_n_belongs_to_user_n_mod_200_and_times_order_the_rows_of_each()
    {
        var rows = Enumerable.Range(0, 600).Select(n => $"2023-11-16 18:{59 - n / 200:00}:00,{n},0");
        var trace = Parse([Trace.Header, .. rows]);
        Assert.That(trace.Of(7).Select(row => row.Input), Is.EqualTo(new[] { 407L, 207L, 7L }));
        Assert.That(Enumerable.Range(0, Trace.Users).SelectMany(trace.Of).Sum(row => row.Total), Is.EqualTo(trace.Total));
    }

    [Test]
    public void Rows_of_the_same_moment_keep_their_order()
    {
        var trace = Parse([Trace.Header, .. Enumerable.Range(0, 600).Select(n => $"2023-11-16 18:15:46,{n},0")]);
        Assert.That(trace.Of(0).Select(row => row.Input), Is.EqualTo(new[] { 0L, 200L, 400L }));
    }

    [Test]
    public void Something_is_always_held_even_where_nothing_was_answered() =>
        Assert.That(Parse(Trace.Header, "2023-11-16 18:15:46,0,0").LargestOutput, Is.EqualTo(1));

    private static Trace Parse(params string[] lines) => Trace.Parse("trace.csv", lines);

    private static IReadOnlyList<string> Problems(params string[] lines) => Assert.Throws<TraceException>(() => Parse(lines))!.Problems;
}
