using Metering.Kernel.Streams;
using Metering.Kernel.Streams.EventStoreDB;

namespace Metering.Kernel.Tests.Streams;

/// <summary>The system's time, moved on by hand.</summary>
internal sealed class MovedTime : TimeProvider
{
    private long _moved;

    public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _moved);

    public void Move(TimeSpan by) => Interlocked.Add(ref _moved, (long)(by.TotalSeconds * TimestampFrequency));
}

public sealed class ReachTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    private MovedTime _time = null!;
    private Reach _reach = null!;

    [SetUp]
    public void Reached() => _reach = new Reach(_time = new MovedTime());

    private bool Enters()
    {
        try
        {
            _reach.Enter();
            return true;
        }
        catch (StreamsUnavailableException away)
        {
            Assert.That(away.OutcomeUnknown, Is.False, "nothing was sent");
            return false;
        }
    }

    [Test]
    public void A_passing_failure_stops_nobody()
    {
        _reach.Failed();
        Assert.That((Enters(), Enters()), Is.EqualTo((true, true)));
    }

    [Test]
    public void After_a_second_of_failures_one_call_in_a_while_tries()
    {
        _reach.Failed();
        _time.Move(Long);
        Assert.That((Enters(), Enters(), Enters()), Is.EqualTo((true, false, false)));
        _time.Move(TimeSpan.FromSeconds(0.3));
        Assert.That((Enters(), Enters()), Is.EqualTo((true, false)));
    }

    [Test]
    public void A_call_that_waited_in_vain_leaves_no_patience()
    {
        _reach.WaitedInVain();
        Assert.That((Enters(), Enters()), Is.EqualTo((true, false)));
    }

    [Test]
    public void An_answer_lets_everyone_in_again()
    {
        _reach.Failed();
        _time.Move(Long);
        _reach.Answered();
        Assert.That((Enters(), Enters()), Is.EqualTo((true, true)));
        _reach.Failed();
        Assert.That((Enters(), Enters()), Is.EqualTo((true, true)), "a new failure is a passing one again");
    }
}
