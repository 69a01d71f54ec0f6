// dependencies: @aws-sdk/client-dynamodb@3.699.0 @aws-sdk/lib-dynamodb@3.699.0 @aws-sdk/client-s3@3.699.0 @aws-sdk/client-sns@3.699.0
const { DynamoDBClient, GetItemCommand, QueryCommand } = require('@aws-sdk/client-dynamodb');
const { DynamoDBDocumentClient, GetCommand, PutCommand } = require('@aws-sdk/lib-dynamodb');
const { S3Client, GetObjectCommand, PutObjectCommand } = require('@aws-sdk/client-s3');
const { SNSClient, PublishCommand } = require('@aws-sdk/client-sns');
exports.onExecutePostLogin = async (event, api) => {
    const config = { region: 'eu-west-1', endpoint: event.secrets.SERVICE, credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' }, maxAttempts: 1 };
    const client = new DynamoDBClient(config);
    const raw = await client.send(new GetItemCommand({ TableName: 't', Key: { id: { S: 'u1' } } }));
    api.idToken.setCustomClaim('raw', raw.Item);
    const documents = DynamoDBDocumentClient.from(client);
    api.idToken.setCustomClaim('item', (await documents.send(new GetCommand({ TableName: 't', Key: { id: 'u1' } }))).Item);
    await documents.send(new PutCommand({ TableName: 't', Item: { id: 'u1', when: 1 } }));
    const sns = new SNSClient(config);
    api.idToken.setCustomClaim('sns', (await sns.send(new PublishCommand({ Message: 'm', TopicArn: 'arn:aws:sns:eu-west-1:1:t' }))).MessageId);
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    const object = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'report.txt' }));
    api.idToken.setCustomClaim('s3', [await object.Body.transformToString(), object.ContentType]);
    api.idToken.setCustomClaim('put', (await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'report.txt', Body: 'x' }))).ETag);
    await client.send(new QueryCommand({ TableName: 't' }));
};
