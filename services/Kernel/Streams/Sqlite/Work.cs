namespace Metering.Kernel.Streams.Sqlite;

/// <summary>Something that waits for the writer: done inside a transaction, answered after its commit.</summary>
internal abstract class Work
{
    public virtual int Bytes => 0;
    public abstract void Do(WriteConnection connection);
    public abstract void Answer();
    public abstract void Fail(Exception reason);
}

internal abstract class Work<T> : Work
{
    // whoever completes it is not the writer's thread: see Answers
    private readonly TaskCompletionSource<T> _done = new();

    public Task<T> Done => _done.Task;
    protected T? Result { get; set; }
    public override void Answer() => _done.SetResult(Result!);
    public override void Fail(Exception reason) => _done.SetException(reason);
}

internal sealed class AppendWork(string stream, long expectedRevision, IReadOnlyList<NewEvent> events, int bytes) : Work<Appended>
{
    private WrongRevisionException? _wrong;

    public override int Bytes => bytes;

    public override void Do(WriteConnection connection)
    {
        if (connection.Append(stream, expectedRevision, events, out var actual) is { } appended)
            Result = appended;
        else
            _wrong = new WrongRevisionException(stream, expectedRevision, actual);
    }

    public override void Answer()
    {
        if (_wrong is null)
            base.Answer();
        else
            Fail(_wrong);
    }
}

internal sealed class SnapshotWork(string stream, Snapshot? snapshot) : Work<bool>
{
    public override int Bytes => snapshot?.Data.Length ?? 0;
    public override void Do(WriteConnection connection) => connection.SaveSnapshot(stream, snapshot);
}

internal sealed class SettingWork(string pragma) : Work<string>
{
    public override void Do(WriteConnection connection) => Result = connection.Setting(pragma);
}
