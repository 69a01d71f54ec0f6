// dependencies: aws-sdk@2.1692.0
const AWS = require('aws-sdk');
exports.onExecutePostLogin = async (event, api) => {
    AWS.config.update({ region: 'eu-west-1', accessKeyId: 'AK', secretAccessKey: 'SK' });
    const endpoint = event.secrets.SERVICE;
    const documents = new AWS.DynamoDB.DocumentClient({ endpoint, maxRetries: 0 });
    api.idToken.setCustomClaim('item', (await documents.get({ TableName: 't', Key: { id: 'u1' } }).promise()).Item);
    await documents.put({ TableName: 't', Item: { id: 'u1' } }).promise();
    const sns = new AWS.SNS({ endpoint });
    api.idToken.setCustomClaim('sns', (await sns.publish({ Message: 'm', TopicArn: 'arn:aws:sns:eu-west-1:1:t' }).promise()).MessageId);
    const s3 = new AWS.S3({ endpoint, s3ForcePathStyle: true });
    const object = await s3.getObject({ Bucket: 'bucket', Key: 'report.txt' }).promise();
    api.idToken.setCustomClaim('s3', [object.Body.toString('utf-8'), object.ContentType]);
    await documents.query({ TableName: 't', KeyConditionExpression: 'id = :i', ExpressionAttributeValues: { ':i': 'x' } }).promise();
};
