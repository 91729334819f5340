using Metering.MainJob;

namespace Metering.MainJobTests;

public class JobTests
{
    [Test]
    public async Task A_bad_trace_is_told_apart_from_a_failure() =>
        Assert.That(await Job.RunAsync("/no/such/trace.csv", onStack: false, keep: false, CancellationToken.None), Is.EqualTo(Job.BadInput));

    [Test]
    public async Task Progress_that_nobody_sees_move_is_a_line_a_quarter()
    {
        await using var output = new StringWriter();
        var story = new Story(output, isTerminal: false, TimeProvider.System);
        var went = new TaskCompletionSource();
        var following = story.Follow("calls metered", 1_000, gauge =>
        {
            gauge.Set(600);
            return went.Task;
        });
        went.SetResult();
        await following;
        Assert.That(output.ToString(), Is.EqualTo($"   calls metered: 600 of 1,000{Environment.NewLine}"));
    }
}
